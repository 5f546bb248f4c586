"""All exercises, by the page of the book that sets them."""

from __future__ import annotations

import difflib
from functools import cache
from importlib import import_module

from pgcompanion.exercises.engine.exercise import Exercise

PAGES: dict[str, tuple[str, ...]] = {
    "The objective": ("trajectory_log_likelihood",),
    "Stochastic gradient ascent": ("one_step_gain", "sgd_bound"),
    "REINFORCE and the likelihood ratio": (
        "reinforce_gradient",
        "reward_to_go",
        "discounted_gradient",
        "reinforce",
        "counterexample_no_gamma",
    ),
    "Baselines and advantages": (
        "baseline_gradient",
        "optimal_baseline",
        "find_the_bug_baseline",
    ),
    "Policy parameterizations": (
        "softmax_policy",
        "softmax_score",
        "linear_score",
        "gaussian_score",
    ),
    "From policy iteration to local optimization": ("performance_difference", "mixture_step"),
    "Importance sampling": (
        "importance_sampling_mean",
        "effective_sample_size",
        "per_decision_is",
    ),
    "Trust regions": (
        "kl_divergence",
        "trpo_surrogate",
        "trajectory_kl",
        "derive_kl_gaussian",
        "trpo_step",
    ),
    "The natural policy gradient": (
        "fisher_matrix",
        "npg_step",
        "bernoulli_natural_gradient",
        "tabular_npg_update",
        "fisher_vector_product",
        "conjugate_gradient",
        "npg",
    ),
    "Proximal policy optimization": (
        "ppo_penalty_objective",
        "ppo_clip_objective",
        "gae",
        "ppo_epochs",
    ),
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
    "All algorithms side by side": ("paired_interval", "probability_of_improvement"),
    "The bug museum": ("find_the_bug_gae", "find_the_bug_clip"),
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
    if id not in IDS and id not in exhibits():
        raise UnknownExerciseError(f"There is no exercise called `{id[:60]}`. {_suggestion(id)}")
    return _imported(id)


@cache  # an answer may overwrite what the module holds
def _imported(id: str) -> Exercise:
    if id in exhibits():
        return exhibits()[id]
    exercise: Exercise = import_module(f"pgcompanion.exercises.{id}").exercise
    return exercise


def exhibits() -> dict[str, Exercise]:
    """The exhibits of the bug museum, which are repaired on its page and in no one's list."""
    found: dict[str, Exercise] = import_module("pgcompanion.exercises.museum").EXHIBITS
    return found


def _suggestion(id: str) -> str:
    tidy = id.strip().lower().replace("-", "_").replace(" ", "_")
    near = [tidy] if tidy in IDS else difflib.get_close_matches(tidy, IDS, n=3, cutoff=0.6)
    near = near or [known for known in IDS if len(tidy) > 2 and tidy in known]
    if near:
        return f"The nearest {'is' if len(near) == 1 else 'are'} {_listed(near)}."
    return f"The exercises are {_listed(IDS)}."


def _listed(ids: tuple[str, ...] | list[str]) -> str:
    *first, last = (f"`{id}`" for id in ids)
    return f"{', '.join(first)} and {last}" if first else last
