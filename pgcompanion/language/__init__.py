r"""Small language models in which everything can be computed: responses, groups, divergences, preferences.

`worlds` treats a response as a trajectory, `divergence` the price for leaving a reference;
`groups` and `ratios` what training code makes of several responses to a prompt; `preferences` what can
be learned from comparisons. `sources` makes batches of sampled groups, so that the package's objectives,
steps and loops serve; `tasks` are verifiable tasks, and `comparison` runs the recipes of training code on
them.
"""

from pgcompanion.language.comparison import RECIPES, Setting, curves, learning_curve, tuned
from pgcompanion.language.divergence import (
    gibbs,
    kl_estimates,
    kl_gradient,
    kl_gradient_parts,
    kl_loss_coefficients,
    regularised_objective,
    regularised_reward,
)
from pgcompanion.language.groups import (
    GroupAdvantage,
    group_advantage,
    group_weight,
    leave_one_out,
    mean_coefficients,
    pass_at_k_weight,
)
from pgcompanion.language.policy import SequenceSoftmax
from pgcompanion.language.preferences import (
    Frontier,
    best_of_n,
    dpo_loss,
    frontier,
    preference_probability,
)
from pgcompanion.language.ratios import (
    ResponseWeight,
    per_response,
    per_token,
    sequence_ratio_surrogate,
    token_ratio_surrogate,
    whole,
)
from pgcompanion.language.sources import Finite, Groups, Paid, Prompts, penalised
from pgcompanion.language.tasks import TASKS, Checker, Task, add, brackets, reverse, sort, speak
from pgcompanion.language.worlds import (
    END,
    Reward,
    every_response,
    first_states,
    responses,
    sequence_log_prob,
    table,
    token_log_prob,
    world,
)

__all__ = [
    "END",
    "RECIPES",
    "TASKS",
    "Checker",
    "Finite",
    "Frontier",
    "GroupAdvantage",
    "Groups",
    "Paid",
    "Prompts",
    "ResponseWeight",
    "Reward",
    "SequenceSoftmax",
    "Setting",
    "Task",
    "add",
    "best_of_n",
    "brackets",
    "curves",
    "dpo_loss",
    "every_response",
    "first_states",
    "frontier",
    "gibbs",
    "group_advantage",
    "group_weight",
    "kl_estimates",
    "kl_gradient",
    "kl_gradient_parts",
    "kl_loss_coefficients",
    "learning_curve",
    "leave_one_out",
    "mean_coefficients",
    "pass_at_k_weight",
    "penalised",
    "per_response",
    "per_token",
    "preference_probability",
    "regularised_objective",
    "regularised_reward",
    "responses",
    "reverse",
    "sequence_log_prob",
    "sequence_ratio_surrogate",
    "sort",
    "speak",
    "table",
    "token_log_prob",
    "token_ratio_surrogate",
    "tuned",
    "whole",
    "world",
]
