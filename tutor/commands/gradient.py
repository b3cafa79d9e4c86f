"""How a gradient changes with distance, in lines."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace

from tutor.commands.arguments import CELLS, json_argument, one_of, positive, whole
from tutor.commands.command import Command, Refused
from tutor.commands.saying import print_json
from tutor.i18n import _


def _gradient_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--cell", type=one_of(*CELLS), default="rnn", metavar="|".join(CELLS))
    parser.add_argument("--steps", type=whole(1, 10_000), default=50, metavar="N", help=_("1 to 10000"))
    parser.add_argument("--hidden", type=whole(1, 512), default=16, metavar="N", help=_("units, 1 to 512"))
    parser.add_argument(
        "--radius", type=positive, default=0.9, metavar="R", help=_("W_h is R times an orthogonal matrix")
    )
    activations = ("tanh", "relu", "identity")
    parser.add_argument("--activation", type=one_of(*activations), default="tanh", metavar="|".join(activations))
    parser.add_argument("--seed", type=whole(0), default=0, metavar="N")
    json_argument(parser)


def _gradient(options: Namespace) -> int:
    from tutor.engine.gradient_flow import decay

    try:
        flow = decay(
            options.cell,
            steps=options.steps,
            hidden_size=options.hidden,
            radius=options.radius,
            activation=options.activation,
            seed=options.seed,
        )
    except ValueError as error:
        raise Refused(str(error)) from error
    log10_norms = flow.log10_spectral_norms[::-1].tolist()
    if options.json:
        print_json(
            {
                "cell": options.cell,
                "steps": options.steps,
                "radius": options.radius,
                "norms": flow.spectral_norms[::-1].tolist(),
                "log10_norms": log10_norms,
            }
        )
        return 0
    from tutor.plain.pictures import gradient_rows
    from tutor.plain.stream import show

    name = options.cell.upper() + f" ρ={options.radius:g}"
    if options.cell == "rnn":
        name += f" {options.activation}"
    show(sys.stdout, lambda width, look: gradient_rows(name, log10_norms, width, look))
    return 0


GRADIENT = Command("gradient", _("how a gradient changes with distance"), _gradient_arguments, _gradient)
