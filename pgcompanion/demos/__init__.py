"""Pictures that move: each demo is a pure function from its controls to a picture and a sentence.

A demo is a module with three names:

- ``controls``, a dict from each argument's name to its `Control`;
- ``frame(**controls)``, which returns a figure, best made of `panels`;
- ``describe(**controls)``, which says in sentences what that figure shows. It is the caption, and
  what a screen reader reads in the picture's place.

and, where its page has a script that computes the same at every movement,

- ``numbers(**controls)``, a dict of arrays: all that the picture shows, for any values between those
  that the controls list;
- ``constants()``, a dict of what the script cannot compute itself: tables of an MDP, a batch.

`show` brings it to life: with widgets in a kernel, and in a page by its script, or, where it has none,
by all its frames. Where a kernel allows more than a grid of values, another name, ``live()``, returns
the widget for it. Colours come from `pgcompanion.style`, so that they follow a page into the dark.
Labels are plain Unicode (θ₀, not TeX), so that they stay text.
"""

from __future__ import annotations

from pgcompanion.demos.engine.controls import Control
from pgcompanion.demos.engine.panels import Panel, panels
from pgcompanion.demos.engine.show import show

__all__ = ["Control", "Panel", "panels", "show"]
