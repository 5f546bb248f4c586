"""All exercises, by the page of the book that sets them."""

from __future__ import annotations

import difflib
from importlib import import_module

from pgcompanion.exercises.engine.exercise import Exercise

PAGES: dict[str, tuple[str, ...]] = {
    "The objective": ("trajectory_log_likelihood",),
    "REINFORCE and the likelihood ratio": (
        "reinforce_gradient",
        "reward_to_go",
        "discounted_gradient",
    ),
    "Baselines and advantages": ("baseline_gradient",),
    "Policy parameterizations": (
        "softmax_policy",
        "softmax_score",
        "linear_score",
        "gaussian_score",
    ),
    "From policy iteration to local optimization": ("performance_difference",),
    "Importance sampling": ("importance_sampling_mean", "effective_sample_size"),
    "Trust regions": ("kl_divergence", "trpo_surrogate"),
    "The natural policy gradient": (
        "fisher_matrix",
        "npg_step",
        "bernoulli_natural_gradient",
        "tabular_npg_update",
    ),
    "Proximal policy optimization": ("ppo_penalty_objective", "ppo_clip_objective", "gae"),
    "Continuous actions": (
        "lqr_values",
        "lqr_gradient",
        "gaussian_fisher",
        "squashed_gaussian_log_prob",
        "deterministic_gradient",
    ),
    "Policy gradients of language models": (
        "leave_one_out",
        "group_advantage",
        "kl_estimates",
        "kl_gradient",
        "dpo_loss",
        "token_ratio_surrogate",
    ),
}

IDS: tuple[str, ...] = tuple(id for ids in PAGES.values() for id in ids)


class UnknownExerciseError(Exception):
    """No exercise has that id. The text says so in a sentence, with the ids that come near."""


def find(id: object) -> Exercise:
    """The exercise with this id, imported when it is first asked for.

    >>> find("reward_to_go").title
    'Rewards-to-go'
    """
    if not isinstance(id, str):
        raise UnknownExerciseError(
            "The name of the exercise comes first, as a text such as `'reward_to_go'`. Here an "
            f"object of type `{type(id).__name__}` came first."
        )
    if id not in IDS:
        raise UnknownExerciseError(f"There is no exercise called `{id[:60]}`. {_suggestion(id)}")
    exercise: Exercise = import_module(f"pgcompanion.exercises.{id}").exercise
    return exercise


def _suggestion(id: str) -> str:
    tidy = id.strip().lower().replace("-", "_").replace(" ", "_")
    near = difflib.get_close_matches(tidy, IDS, n=3, cutoff=0.5)
    near += [known for known in IDS if len(tidy) > 2 and tidy in known and known not in near]
    if near:
        return f"The nearest {'is' if len(near) == 1 else 'are'} {_listed(near)}."
    return f"The exercises are {_listed(IDS)}."


def _listed(ids: tuple[str, ...] | list[str]) -> str:
    *first, last = (f"`{id}`" for id in ids)
    return f"{', '.join(first)} and {last}" if first else last
