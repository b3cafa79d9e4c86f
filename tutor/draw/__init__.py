"""Values → rows of styled cells. Pure: the same values, size and look give the same rows, wherever shown.

Every drawing returns rows exactly as wide as it was asked to be, whatever the values and the labels hold. A
widget and the command line show the same picture, because neither draws.
"""
