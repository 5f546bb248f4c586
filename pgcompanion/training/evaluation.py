"""What a trained policy earns, and what it looks like."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np

from pgcompanion import checks
from pgcompanion.batches import rollout
from pgcompanion.batches.rollouts import Stream
from pgcompanion.training.run import Run, checked


def evaluate(
    envs: Any,
    run: Run,
    rng: np.random.Generator,
    *,
    episodes: int = 100,
    steps: int | None = None,
) -> np.ndarray:
    """The returns of independent whole episodes, shape ``(episodes,)``, with actions drawn from the policy.

    Statement: `objective_fn`. Every environment plays one episode at a time from its start, as often as it
    takes: of environments that only run on, short episodes would be counted more often. A mean over the
    result estimates :math:`J`; its standard error is ``returns.std() / sqrt(episodes)``.

    Args:
        envs: a vector environment.
        run: what `train` returned, or ``Run(policy, theta)``. Where observations were normalised in
            training they are here, by the same mean and variance.
        rng: draws the starts and the actions.
        episodes: how many.
        steps: an episode is cut off after so many; ``None`` waits for its end.

    Raises:
        TypeError: ``envs`` is no vector environment, ``run`` no run, or ``rng`` no generator.
        ValueError: ``episodes`` or ``steps`` is not a positive integer, or the policy does not fit the
            spaces of ``envs``.

    Example:
        >>> import gymnasium
        >>> from pgcompanion.training import Run, policy_for
        >>> envs, rng = gymnasium.make_vec("CartPole-v1", num_envs=8), np.random.default_rng(0)
        >>> policy = policy_for(envs)
        >>> evaluate(envs, Run(policy, policy.init(rng)), rng, episodes=20).shape
        (20,)
    """
    episodes = checks.positive_integer("episodes", episodes)
    steps = sys.maxsize if steps is None else checks.positive_integer("steps", steps)
    seen = checked(run).seen_by(envs)
    returns: list[float] = []
    while len(returns) < episodes:
        returns.extend(rollout(seen, run.policy, run.theta, steps, rng).r.sum(axis=1))
    return np.array(returns[:episodes])


def render(
    path: str | Path,
    env: Any,
    run: Run,
    rng: np.random.Generator,
    *,
    steps: int = 500,
) -> None:
    """Write one episode of the policy as an animated GIF, up to ``steps`` steps.

    Statement: `trajectories`. ``env`` is a single environment that draws itself:
    ``gymnasium.make(id, render_mode="rgb_array")``, or your own. It stays open.

    Raises:
        TypeError: ``run`` is no run, ``rng`` no generator, or ``path`` no path.
        ValueError: ``env`` does not draw itself as an array, or ``steps`` is not a positive integer.
        ModuleNotFoundError: Pillow is not installed.

    Example:
        >>> import gymnasium, tempfile
        >>> from pgcompanion.policies import TabularSoftmax
        >>> env = gymnasium.make("pgcompanion.gridworld.env:pgcompanion/GridWorld-v0", map="S.G",
        ...                      render_mode="rgb_array")
        >>> run, rng = Run(TabularSoftmax(3, 4), np.zeros(12)), np.random.default_rng(0)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     render(path := Path(folder, "walk.gif"), env, run, rng, steps=5)
        ...     path.read_bytes()[:6]
        b'GIF89a'
    """
    path = checks.path(path)
    if getattr(env, "render_mode", None) != "rgb_array":
        raise ValueError(
            "env must be an environment with render_mode='rgb_array', but its render_mode is "
            f"{getattr(env, 'render_mode', None)!r}."
        )
    image = _image_module()
    frames = [image.fromarray(frame) for frame in _frames(env, checked(run), rng, steps)]
    fps = env.metadata.get("render_fps") or 30
    first, *rest = (frame.quantize(method=image.Quantize.FASTOCTREE) for frame in frames)
    first.save(path, save_all=True, append_images=rest, duration=round(1000 / fps), loop=0)


def _frames(env: Any, run: Run, rng: np.random.Generator, steps: int) -> list[np.ndarray]:
    from gymnasium.vector import SyncVectorEnv

    envs = run.seen_by(SyncVectorEnv([lambda: env]))
    checks.spaces(run.policy, envs)
    stream = Stream(envs, rng)
    frames = [env.render()]
    for _ in range(checks.positive_integer("steps", steps)):
        done = stream.step(run.policy, run.theta, rng).done
        frames.append(env.render())
        if done.all():
            break
    return frames


def _image_module() -> Any:
    try:
        from PIL import Image
    except ModuleNotFoundError:
        raise ModuleNotFoundError(
            "Pillow is not installed, which writes the GIF: pip install 'pgcompanion[training]'."
        ) from None
    return Image
