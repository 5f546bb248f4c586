"""Exercise: generalized advantage estimation."""

# mypy: disable-error-code="no-any-return"

from collections.abc import Iterable

import numpy as np

from pgcompanion.exercises.engine.exercise import Arguments, Exercise, Mistake
from pgcompanion.exercises.engine.slips import standard, standardised

STATEMENT = r"""
Generalized advantage estimation adds up the TD residuals $\delta_h$ from an action to the end of the
episode, each discounted by $\gamma \lambda$ once more than the one before it. A residual is what came,
the reward and $\gamma$ times the next value, less what was expected, the present value.

Write `gae(r, V, gamma, lam, terminated)` for $N$ episodes of full length $H$. The array `r` has
shape `(N, H)`; `V` has shape `(N, H + 1)` and holds the values of the states passed through, the
last one included. The booleans `terminated` of shape `(N,)` say whether an episode truly ended. If
it did, nothing follows, and $V_H$ counts as 0. If time ran out, $V_H$ stands for what would have
followed. Return the advantages, of shape `(N, H)`.
"""


def gae(
    r: np.ndarray,
    V: np.ndarray,
    gamma: float,
    lam: float,
    terminated: np.ndarray,
) -> np.ndarray:
    """The generalized advantage estimates of N episodes of H steps.

    r: (N, H); V: (N, H + 1); gamma, lam: numbers;
    terminated: booleans, (N,). Returns (N, H).
    """
    V_next = V[:, 1:].copy()
    V_next[terminated, -1] = 0.0
    A = r + gamma * V_next - V[:, :-1]
    for h in reversed(range(A.shape[1] - 1)):
        A[:, h] += gamma * lam * A[:, h + 1]
    return A


def cases(rng: np.random.Generator) -> Iterable[Arguments]:
    for terminated in (False, True):
        V = np.array([[1.0, 2.0, 4.0]])
        yield np.array([[1.0, 3.0]]), V, 0.5, 0.5, np.array([terminated])
    for N, H, gamma, lam in [(2, 2, 0.9, 0.5), (3, 3, 0.8, 0.9), (3, 4, 0.5, 0.25)]:
        V = rng.integers(1, 9, (N, H + 1)) / 2
        ended = np.arange(N) % 2 == rng.integers(2)
        yield rng.integers(-3, 5, (N, H)).astype(float), V, gamma, lam, ended


def _residuals(r: np.ndarray, V: np.ndarray, gamma: float, terminated: np.ndarray) -> np.ndarray:
    return gae(r, V, gamma, 0.0, terminated)


def _forward(
    r: np.ndarray, V: np.ndarray, gamma: float, lam: float, terminated: np.ndarray
) -> np.ndarray:
    A = _residuals(r, V, gamma, terminated)
    for h in range(1, A.shape[1]):
        A[:, h] += gamma * lam * A[:, h - 1]
    return A


def _decayed(delta: np.ndarray, decay: float) -> np.ndarray:
    """The recursion alone: a GAE whose values are all 0, with the TD residuals for rewards."""
    no_values = np.zeros((delta.shape[0], delta.shape[1] + 1))
    return gae(delta, no_values, 1.0, decay, np.zeros(len(delta), dtype=bool))


def _no_value_anywhere(
    r: np.ndarray, V: np.ndarray, gamma: float, lam: float, terminated: np.ndarray
) -> np.ndarray:
    V_next = np.where(terminated[:, None], 0.0, V[:, 1:])
    return _decayed(r + gamma * V_next - V[:, :-1], gamma * lam)


def _ends(r: np.ndarray, terminated: np.ndarray) -> np.ndarray:
    last = np.arange(r.shape[1]) == r.shape[1] - 1
    return last & terminated[:, None]


def _without_last(x: np.ndarray, terminated: np.ndarray) -> np.ndarray:
    return np.where(_ends(x, terminated), 0.0, x)


def _masked_everywhere(
    r: np.ndarray, V: np.ndarray, gamma: float, lam: float, terminated: np.ndarray
) -> np.ndarray:
    alone = r - V[:, :-1]
    return np.where(terminated[:, None], alone, gae(r, V, gamma, lam, terminated))


def _not_reset(
    r: np.ndarray, V: np.ndarray, gamma: float, lam: float, terminated: np.ndarray
) -> np.ndarray:
    A = _residuals(r, V, gamma, terminated)[:, ::-1].ravel()
    for i in range(1, A.size):
        A[i] += gamma * lam * A[i - 1]
    return A.reshape(r.shape)[:, ::-1]


def _two_residuals(
    r: np.ndarray, V: np.ndarray, gamma: float, lam: float, terminated: np.ndarray
) -> np.ndarray:
    delta = _residuals(r, V, gamma, terminated)
    return delta + gamma * lam * np.hstack([delta[:, 1:], np.zeros((len(r), 1))])


def _last_left_zero(
    r: np.ndarray, V: np.ndarray, gamma: float, lam: float, terminated: np.ndarray
) -> np.ndarray:
    inner = np.arange(r.shape[1]) < r.shape[1] - 1
    return _decayed(inner * (r + gamma * V[:, 1:] - V[:, :-1]), gamma * lam)


def _from_the_start(
    r: np.ndarray, V: np.ndarray, gamma: float, lam: float, terminated: np.ndarray
) -> np.ndarray:
    powers = (gamma * lam) ** np.arange(r.shape[1])
    return _decayed(powers * _residuals(r, V, gamma, terminated), 1.0)


MISTAKES = (
    Mistake(
        "bootstrap_at_termination",
        lambda r, V, gamma, lam, terminated: gae(r, V, gamma, lam, np.zeros_like(terminated)),
        "You used the last value of every episode, also of those that truly ended. Nothing "
        "follows a terminal state: its value counts as 0.",
        "gae",
    ),
    Mistake(
        "no_bootstrap",
        lambda r, V, gamma, lam, terminated: gae(r, V, gamma, lam, np.ones_like(terminated)),
        "You set the last value to 0 in every episode. Where only time ran out, the task would "
        "have gone on, and V[:, H] stands for what would have followed. Leaving it out teaches "
        "the agent that the time limit is a cliff.",
        "gae",
    ),
    Mistake(
        "terminated_inverted",
        lambda r, V, gamma, lam, terminated: gae(r, V, gamma, lam, ~terminated),
        "You have `terminated` the wrong way round: the last value is left out where the episode "
        "ran out of time and used where it truly ended.",
        "gae",
    ),
    Mistake(
        "all_values_masked",
        _no_value_anywhere,
        "You multiplied every next value of a terminated episode by 0. The episode ended at its "
        "last step only: before that, the next state has its ordinary value.",
        "gae",
    ),
    Mistake(
        "gamma_only",
        lambda r, V, gamma, lam, terminated: _decayed(_residuals(r, V, gamma, terminated), gamma),
        "Your recursion discounts by gamma alone. It needs gamma times lam; without lam the sum "
        "is the discounted return less the value, with all of its variance.",
        "gae",
    ),
    Mistake(
        "lambda_only",
        lambda r, V, gamma, lam, terminated: _decayed(_residuals(r, V, gamma, terminated), lam),
        "Your recursion discounts by lam alone. A TD residual one step later is also worth gamma "
        "times less: the factor is gamma times lam.",
        "gae",
    ),
    Mistake(
        "no_decay",
        lambda r, V, gamma, lam, terminated: _decayed(_residuals(r, V, gamma, terminated), 1.0),
        "Your recursion adds later TD residuals in full. Each step further away multiplies by "
        "gamma times lam once more.",
        "gae",
    ),
    Mistake(
        "one_step_only",
        lambda r, V, gamma, lam, terminated: _residuals(r, V, gamma, terminated),
        "You returned the TD residuals of single steps. They are the case lam = 0; in general the "
        "residuals of later steps are added, each discounted by gamma lam once more.",
        "gae",
    ),
    Mistake(
        "forward_recursion",
        _forward,
        "Your recursion runs forwards and carries past TD residuals along. An advantage is about "
        "what follows the action: start at the last step and go back.",
        "gae",
    ),
    Mistake(
        "lambda_return",
        lambda r, V, gamma, lam, terminated: gae(r, V, gamma, lam, terminated) + V[:, :-1],
        "You added the values to the advantages. That is the lambda-return, the target to which "
        "a value function is fitted; the advantage is measured from the value.",
        "gae",
    ),
    Mistake(
        "value_not_discounted",
        lambda r, V, gamma, lam, terminated: _decayed(
            _residuals(r, V, 1.0, terminated), gamma * lam
        ),
        "The factor gamma is missing in front of the next value. What follows begins one step "
        "later: delta = r + gamma V_next - V.",
        "gae",
    ),
    Mistake(
        "no_value_subtracted",
        lambda r, V, gamma, lam, terminated: _decayed(
            _residuals(r, V, gamma, terminated) + V[:, :-1], gamma * lam
        ),
        "The value of the present state is not subtracted. A TD residual is what came, r + gamma "
        "V_next, less what was expected, V.",
        "gae",
    ),
    Mistake(
        "negated",
        lambda r, V, gamma, lam, terminated: -gae(r, V, gamma, lam, terminated),
        "The sign is the wrong way round: you have what was expected less what came. An action "
        "that turned out better than expected has a positive advantage.",
        "gae",
    ),
    Mistake(
        "values_with_the_wrong_sign",
        lambda r, V, gamma, lam, terminated: _decayed(
            2 * r - _residuals(r, V, gamma, terminated), gamma * lam
        ),
        "The two values have each other's sign: you subtracted the next one and added the present one. A TD residual is r + gamma V_next - V.",
        "gae",
    ),
    Mistake(
        "values_exchanged",
        lambda r, V, gamma, lam, terminated: _decayed(
            r + gamma * V[:, :-1] - V[:, 1:], gamma * lam
        ),
        "You exchanged the two values: V[:, :-1] holds those of the states in which the agent acts, V[:, 1:] those of the states it comes to.",
        "gae",
    ),
    Mistake(
        "masked_at_every_step",
        lambda r, V, gamma, lam, terminated: _masked_everywhere(r, V, gamma, lam, terminated),
        "You multiplied by `1 - terminated` at every step, in the residual and in the recursion. `terminated` speaks of the last step alone: within the episode the advantages of later steps are carried back.",
        "gae",
    ),
    Mistake(
        "recursion_masked",
        lambda r, V, gamma, lam, terminated: np.where(
            terminated[:, None],
            _residuals(r, V, gamma, terminated),
            gae(r, V, gamma, lam, terminated),
        ),
        "You cut the recursion at every step of a terminated episode. It ended at its last step only; before that, the residuals of later steps are added as usual.",
        "gae",
    ),
    Mistake(
        "accumulator_not_reset",
        lambda r, V, gamma, lam, terminated: _not_reset(r, V, gamma, lam, terminated),
        "Your running sum goes on from one episode into the next. Begin it anew, at 0, for every episode.",
        "gae",
    ),
    Mistake(
        "last_reward_masked",
        lambda r, V, gamma, lam, terminated: gae(
            _without_last(r, terminated), V, gamma, lam, terminated
        ),
        "You set the last reward of a terminated episode to 0 together with the value. The reward was paid: only what would follow is 0.",
        "gae",
    ),
    Mistake(
        "last_residual_masked",
        lambda r, V, gamma, lam, terminated: _decayed(
            _without_last(_residuals(r, V, gamma, terminated), terminated), gamma * lam
        ),
        "You set the whole last residual of a terminated episode to 0. Only the next value is 0 there: r - V is left.",
        "gae",
    ),
    Mistake(
        "return_less_value",
        lambda r, V, gamma, lam, terminated: _decayed(r, 1.0) - V[:, :-1],
        "You returned the undiscounted reward-to-go less the value. That is the case gamma = lam = 1 of an episode that ended; gamma and lam say how much of it to replace by values.",
        "gae",
    ),
    Mistake(
        "discounted_return_less_value",
        lambda r, V, gamma, lam, terminated: _decayed(r, gamma) - V[:, :-1],
        "You returned the discounted return less the value. That is the case lam = 1 of an episode that ended: for smaller lam the later residuals count less.",
        "gae",
    ),
    Mistake(
        "gamma_nowhere",
        lambda r, V, gamma, lam, terminated: _decayed(_residuals(r, V, 1.0, terminated), lam),
        "The factor gamma is missing twice, before the next value and in the recursion. Both look one step ahead.",
        "gae",
    ),
    Mistake(
        "gamma_squared",
        lambda r, V, gamma, lam, terminated: _decayed(
            _residuals(r, V, gamma, terminated), gamma * gamma * lam
        ),
        "Your recursion discounts by gamma twice. One step further away costs gamma times lam, once.",
        "gae",
    ),
    Mistake(
        "weights_one_minus_lambda",
        lambda r, V, gamma, lam, terminated: (1 - lam) * gae(r, V, gamma, lam, terminated),
        "You multiplied by 1 - lam. That factor belongs to the mean of the n-step advantages, and has been used up when that mean is written with residuals.",
        "gae",
    ),
    Mistake(
        "first_value_everywhere",
        lambda r, V, gamma, lam, terminated: _decayed(
            r + gamma * np.where(_ends(r, terminated), 0, V[:, 1:]) - V[:, :1], gamma * lam
        ),
        "You subtracted the value of the first state at every step. The residual of step h has the value of its own state, V[:, h].",
        "gae",
    ),
    standardised(
        lambda r, V, gamma, lam, terminated: standard(gae(r, V, gamma, lam, terminated)), "gae"
    ),
    Mistake(
        "bootstrap_and_gamma_only",
        lambda r, V, gamma, lam, terminated: _decayed(r + gamma * V[:, 1:] - V[:, :-1], gamma),
        "Two things: the last value is used after a true ending as well, and the recursion discounts by gamma alone.",
        "gae",
    ),
    Mistake(
        "bootstrap_and_lambda_only",
        lambda r, V, gamma, lam, terminated: _decayed(r + gamma * V[:, 1:] - V[:, :-1], lam),
        "Two things: the last value is used after a true ending as well, and the recursion discounts by lam alone.",
        "gae",
    ),
    Mistake(
        "bootstrap_and_no_decay",
        lambda r, V, gamma, lam, terminated: _decayed(r + gamma * V[:, 1:] - V[:, :-1], 1.0),
        "Two things: the last value is used after a true ending as well, and the recursion has no decay.",
        "gae",
    ),
    Mistake(
        "bootstrap_and_one_step",
        lambda r, V, gamma, lam, terminated: r + gamma * V[:, 1:] - V[:, :-1],
        "Two things: these are the residuals of single steps, and the last value is used after a true ending as well.",
        "gae",
    ),
    Mistake(
        "bootstrap_and_undiscounted_value",
        lambda r, V, gamma, lam, terminated: _decayed(r + V[:, 1:] - V[:, :-1], gamma * lam),
        "Two things: gamma is missing before the next value, and the last value is used after a true ending as well.",
        "gae",
    ),
    Mistake(
        "bootstrap_and_lambda_return",
        lambda r, V, gamma, lam, terminated: (
            _decayed(r + gamma * V[:, 1:] - V[:, :-1], gamma * lam) + V[:, :-1]
        ),
        "Two things: the values are added, which makes the target of a value function, and the last value is used after a true ending as well.",
        "gae",
    ),
    Mistake(
        "no_bootstrap_and_one_step",
        lambda r, V, gamma, lam, terminated: _residuals(r, V, gamma, np.ones_like(terminated)),
        "Two things: these are the residuals of single steps, and the last value is left out where only time ran out.",
        "gae",
    ),
    Mistake(
        "no_bootstrap_and_no_decay",
        lambda r, V, gamma, lam, terminated: _decayed(
            _residuals(r, V, gamma, np.ones_like(terminated)), 1.0
        ),
        "Two things: the last value is left out where only time ran out, and the recursion has no decay.",
        "gae",
    ),
    Mistake(
        "bootstrap_and_forward",
        lambda r, V, gamma, lam, terminated: _forward(r, V, gamma, lam, np.zeros_like(terminated)),
        "Two things: the recursion runs forwards, and the last value is used after a true ending as well.",
        "gae",
    ),
    Mistake(
        "two_residuals_only",
        lambda r, V, gamma, lam, terminated: _two_residuals(r, V, gamma, lam, terminated),
        "You added two residuals, that of the step and the next one. The sum runs to the end: add the advantage of the next step, not its residual.",
        "gae",
    ),
    Mistake(
        "lambda_squared",
        lambda r, V, gamma, lam, terminated: _decayed(
            _residuals(r, V, gamma, terminated), gamma * lam**2
        ),
        "Your recursion discounts by lam twice. One step further away costs gamma times lam, once.",
        "gae",
    ),
    Mistake(
        "residuals_summed_from_the_start",
        lambda r, V, gamma, lam, terminated: np.cumsum(_residuals(r, V, gamma, terminated), axis=1),
        "You summed the residuals from the start of the episode, without decay. An advantage is about what follows: sum from the step on, discounted by gamma lam.",
        "gae",
    ),
    Mistake(
        "last_residual_is_the_reward",
        lambda r, V, gamma, lam, terminated: _decayed(
            np.hstack([_residuals(r, V, gamma, terminated)[:, :-1], r[:, -1:]]), gamma * lam
        ),
        "Your last residual is the reward alone. The value of its own state is subtracted there too, and where time ran out the next value is added.",
        "gae",
    ),
    Mistake(
        "last_step_left_zero",
        lambda r, V, gamma, lam, terminated: _last_left_zero(r, V, gamma, lam, terminated),
        "Your residuals stop one step early: the last one is left at 0. It is r + gamma V_next - V like all others, with V_next = 0 after a true ending.",
        "gae",
    ),
    Mistake(
        "powers_from_the_start",
        lambda r, V, gamma, lam, terminated: _from_the_start(r, V, gamma, lam, terminated),
        "You discounted each residual from the start of the episode, by (gamma lam)^k. Seen from step h a residual at step k is k - h steps away.",
        "gae",
    ),
    Mistake(
        "inverted_and_no_lambda",
        lambda r, V, gamma, lam, terminated: _decayed(_residuals(r, V, gamma, ~terminated), gamma),
        "Two things: `terminated` is the wrong way round, and the recursion discounts by gamma alone.",
        "gae",
    ),
    Mistake(
        "present_value_for_next",
        lambda r, V, gamma, lam, terminated: _decayed(
            r + gamma * V[:, :-1] - V[:, :-1], gamma * lam
        ),
        "Your next value is the present one: both slices of V are `V[:, :-1]`. The values after the steps are `V[:, 1:]`.",
        "gae",
    ),
    Mistake(
        "decay_squared",
        lambda r, V, gamma, lam, terminated: _decayed(
            _residuals(r, V, gamma, terminated), (gamma * lam) ** 2
        ),
        "Your recursion discounts twice for every step. Each step further away multiplies by gamma times lam once more.",
        "gae",
    ),
)

exercise = Exercise(
    title="Generalized advantage estimation",
    label="gae",
    statement=STATEMENT.strip(),
    solution=gae,
    hints=(
        "First the TD residuals of the single steps, all at once. Then their discounted sum, from "
        "the end of the episode to its start. What is the value after a true ending?",
        "Make a copy of `V[:, 1:]`, put 0 in its last column where `terminated` is true, and "
        "compute delta. Then A[h] = delta[h] + gamma lam A[h+1], for h from H - 2 down to 0.",
        "`V_next[terminated, -1] = 0.0` picks the right entries, and "
        "`for h in reversed(range(H - 1))` runs backwards.",
    ),
    cases=cases,
    mistakes=MISTAKES,
)
