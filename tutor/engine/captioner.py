"""`Captioner`: an image to a sentence. A small CNN makes h_0 of the image, and a language model writes from there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from tutor.engine.checks import Array, finite, numbers
from tutor.engine.convolution import Encoding, ImageEncoder
from tutor.engine.generation import Said, generate
from tutor.engine.learning import Measure, overflowed
from tutor.engine.model import Example, Model, ModelSpec
from tutor.engine.parameters import Composite
from tutor.engine.text import Vocabulary


class Scene(NamedTuple):
    """An image and what it shows."""

    image: Array
    """(height, width)"""
    caption: Example


class Captioner(Composite):
    """An image encoder before a language model.

    Args:
        spec: the language model; of one direction, for it writes.
        vocabulary: with a start and an end token.
        height: of an image.
        width: of an image.
        channels: the kernels of the encoder's two convolutions.
        dtype: float32 or float64.

    Raises:
        ValueError: a vocabulary without a start or an end, a bidirectional spec, or a size that cannot be.
    """

    def __init__(
        self,
        spec: ModelSpec,
        vocabulary: Vocabulary,
        height: int,
        width: int,
        *,
        channels: Sequence[int] = (8, 16),
        dtype: npt.DTypeLike = np.float32,
    ) -> None:
        if vocabulary.start is None or vocabulary.end is None:
            raise ValueError("vocabulary: got one without a start or an end token, expected both")
        if spec.bidirectional:
            raise ValueError("spec: got a bidirectional one, expected one direction: it has nothing to read backwards")
        self.spec = spec
        self.vocabulary = vocabulary
        self.model = Model(spec, vocabulary, dtype=dtype)
        states = spec.num_layers * spec.hidden_size
        self.encoder = ImageEncoder(height, width, states, channels=channels, dtype=dtype, seed=spec.seed)
        super().__init__({"encoder": self.encoder, "model": self.model})

    def look(self, images: npt.ArrayLike) -> tuple[Encoding, Array]:
        """What the encoder makes of images (B, height, width), and the h_0 (layers, B, H) that this is.

        Raises:
            ValueError: images of another shape or dtype, or not finite.
        """
        size = (self.encoder.height, self.encoder.width)
        pixels = numbers("images", images, self.dtype, ("B", *size))
        seen = self.encoder.forward(pixels[:, None])
        B, layers, H = len(pixels), self.spec.num_layers, self.spec.hidden_size
        return seen, np.ascontiguousarray(seen.output.reshape(B, layers, H).swapaxes(0, 1))

    def caption(self, image: npt.ArrayLike, **how: Any) -> Iterator[Said]:
        """Write what is seen, a token at a time; `how` as `generate` takes it, argmax unless it says otherwise.

        Raises:
            ValueError: as `look` and `generate`.
        """
        pixels = numbers("image", image, self.dtype, (self.encoder.height, self.encoder.width))
        _, h_0 = self.look(pixels[None])
        assert self.vocabulary.start is not None
        return generate(self.model, [self.vocabulary.start], **({"temperature": 0.0} | how), h_0=h_0)

    def exact(self, batch: Sequence[Scene]) -> npt.NDArray[np.bool_]:
        """(B,): whether `caption` writes each caption to its last word, and then ends.

        It does where every word is the likeliest that may be said after the right ones before it: one pass tells.
        """
        _, h_0 = self.look(np.stack([scene.image for scene in batch]))
        found = self.model.answer([scene.caption for scene in batch], h_0)
        # As in writing: neither the unknown token nor the start token is ever said.
        for never in (0, self.vocabulary.start):
            found.logits[:, never] = -np.inf
        right = found.logits.argmax(axis=1) == found.wanted
        if found.mask is not None:
            right |= ~found.mask
        exact: npt.NDArray[np.bool_] = right.reshape(-1, len(batch)).all(axis=0)
        return exact

    def encode(self, items: Sequence[Any]) -> list[Scene]:
        """(image, words) pairs.

        Raises:
            ValueError: by the item, an image of another shape, or no words.
        """
        found = []
        for at, (image, words) in enumerate(items):
            pixels = np.asarray(image, self.dtype)
            numbers(f"items[{at}]: image", pixels, self.dtype, (self.encoder.height, self.encoder.width))
            if not words:
                raise ValueError(f"items[{at}]: got no words, expected a caption")
            spoken = self.vocabulary.encode(words)
            first, last = np.array([self.vocabulary.start]), np.array([self.vocabulary.end])
            found.append(Scene(pixels, Example(np.concatenate([first, spoken]), np.concatenate([spoken, last]))))
        return found

    def loss_and_gradient(self, batch: Sequence[Scene]) -> tuple[float, Array]:
        """Mean cross-entropy of the words, in nats, and its gradient, as `flat`: through h_0 to the kernels."""
        seen, h_0 = self.look(np.stack([scene.image for scene in batch]))
        if not finite(h_0):
            return np.inf, overflowed(self.flat)
        loss, of_model, d_h_0 = self.model.learn_from([scene.caption for scene in batch], h_0)
        if not np.isfinite(loss):
            return loss, overflowed(self.flat)
        flat, into = self.room
        flat[self.encoder.flat.size :] = of_model
        by_image = np.ascontiguousarray(d_h_0.swapaxes(0, 1)).reshape(len(batch), -1)
        self.encoder.backward(seen, by_image, into["encoder"])
        return loss, flat.copy()

    def measure(self, batch: Sequence[Scene]) -> Measure:
        """How well the words are said: nats, and the share that is right, each after the right ones before it."""
        _, h_0 = self.look(np.stack([scene.image for scene in batch]))
        if not finite(h_0):
            return Measure(np.inf, sum(len(scene.caption.wanted) for scene in batch), 0.0)
        return self.model.measure([scene.caption for scene in batch], h_0)
