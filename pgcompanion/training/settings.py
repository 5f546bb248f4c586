"""How to train: every number and every switch of a run, in one record."""

from __future__ import annotations

from dataclasses import dataclass

from pgcompanion import checks


@dataclass(frozen=True)
class Settings:
    r"""The settings of `train`: PPO with the clipped objective, or TRPO.

    Statement: `ppo_clip`, `trpo_implement`, `gae`. Every switch is off unless asked for by
    name, but ``anneal`` and ``normalise_advantages``, which are on. With ``n`` environments an update
    sees ``n * steps`` steps.

    Published settings are written down by their names. Five details of other codes have none here:
    advantages that are normalised in each minibatch (here: over the whole batch), a clipped loss of
    the critic, one gradient norm for policy and critic together, an Adam of the critic that is kept
    (here it begins anew in each fit), and an episode that counts as ended where a time limit cut it off.

    Args:
        method: ``"ppo"`` or ``"trpo"``.
        updates: number of updates.
        steps: steps of each environment between two updates.
        gamma, lam: discount :math:`\gamma` and :math:`\lambda` of the advantages, in [0, 1].
        eps: PPO's clip range :math:`\epsilon`.
        eta: step size of Adam, of policy and critic.
        epochs: passes of Adam over a batch, of policy and critic.
        minibatch: steps in a minibatch, of policy and critic.
        anneal: whether the policy's step size falls linearly to 0. With a constant one a policy that has
            solved a task keeps wandering, and now and then loses it again.
        anneal_eps: whether the clip range falls linearly to 0, too.
        bonus: weight of the entropy that is added to PPO's objective; 0 adds none.
        max_norm: longer gradients of the policy are scaled down to this norm; ``None`` leaves them.
        stop_kl: no further epoch once the divergence exceeds it, in mean nats of a visited state; ``None``
            never stops.
        keep_adam: whether the policy's Adam goes on from update to update, or begins anew in each.
        adam_eps: what Adam adds to its denominator.
        normalise_advantages: whether a batch's advantages are shifted and scaled to mean 0 and standard
            deviation 1.
        normalise_observations: whether observations are shifted and scaled by their running mean and
            variance, which are frozen in evaluation and saved with a run.
        value_eta, value_epochs, value_minibatch: the critic's own ``eta``, ``epochs`` and ``minibatch``;
            ``None`` takes the policy's.
        value_anneal: whether the critic's step size falls linearly to 0.
        delta: TRPO's radius, in mean nats of a visited state.
        damping: TRPO's damping of the Fisher matrix.
        weight_decay: after update :math:`k` the parameters are multiplied by :math:`1-c_k`, where
            :math:`c_k` falls linearly from this number to 0 at half of the updates. It draws a softmax table
            towards the uniform policy, as a bonus on entropy does: an action that looked bad by chance,
            while the critic knew little, is tried again.
        hidden: widths of the hidden layers of networks that `train` makes.

    Raises:
        ValueError: a setting out of its range.

    Sources: Schulman et al. 2017; Schulman et al. 2015 for TRPO; Huang et al. 2022, "The 37
    implementation details of proximal policy optimization"; Cen et al. 2022 for the decay of tables.

    Example:
        >>> Settings(updates=200, bonus=0.01, max_norm=0.5).eps
        0.2
        >>> Settings(eps=-1)
        Traceback (most recent call last):
            ...
        ValueError: eps must be positive, but it is -1.
    """

    method: str = "ppo"
    updates: int = 100
    steps: int = 64
    gamma: float = 0.99
    lam: float = 0.95
    eps: float = 0.2
    eta: float = 5e-3
    epochs: int = 2
    minibatch: int = 128
    anneal: bool = True
    anneal_eps: bool = False
    bonus: float = 0.0
    max_norm: float | None = None
    stop_kl: float | None = None
    keep_adam: bool = False
    adam_eps: float = 1e-8
    normalise_advantages: bool = True
    normalise_observations: bool = False
    value_eta: float | None = None
    value_epochs: int | None = None
    value_minibatch: int | None = None
    value_anneal: bool = False
    delta: float = 0.01
    damping: float = 0.1
    weight_decay: float = 0.0
    hidden: tuple[int, ...] = (64, 64)

    def __post_init__(self) -> None:
        checks.choice("method", self.method, ("ppo", "trpo"))
        for name in ("updates", "steps", "epochs", "minibatch"):
            checks.positive_integer(name, getattr(self, name))
        for name in ("eps", "eta", "adam_eps", "delta"):
            checks.positive(name, getattr(self, name))
        for name in ("max_norm", "stop_kl", "value_eta"):
            if getattr(self, name) is not None:
                checks.positive(name, getattr(self, name))
        for name in ("value_epochs", "value_minibatch"):
            if getattr(self, name) is not None:
                checks.positive_integer(name, getattr(self, name))
        checks.discount(self.gamma)
        for name in ("lam", "weight_decay"):
            checks.unit_interval(name, getattr(self, name))
        for name in ("bonus", "damping"):
            checks.not_negative(name, getattr(self, name))
        for name, field in self.__dataclass_fields__.items():
            if field.type == "bool":
                checks.truth(name, getattr(self, name))
        try:
            widths = tuple(checks.positive_integer("each of hidden", n) for n in self.hidden)
        except TypeError:
            raise ValueError(
                f"hidden must be a tuple of widths, but it is {checks.kind(self.hidden)}."
            ) from None
        object.__setattr__(self, "hidden", widths)


def checked(settings: Settings) -> Settings:
    """Return ``settings`` after checking that they are some."""
    if not isinstance(settings, Settings):
        raise TypeError(f"settings must be Settings(...), but it is {checks.kind(settings)}.")
    return settings
