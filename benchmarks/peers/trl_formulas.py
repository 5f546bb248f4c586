"""TRL's own lines on given numbers: the trainers' formulas, taken from the installed source and run.

A trainer wants a model, data and a device. Its formulas are a few assignments in the middle of two long
methods. `follow` walks through a method, goes into the branches that hold, and runs the assignments to
the names that are asked for; all else is left out.
"""

from __future__ import annotations

import ast
import sys
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch

Scope = dict[str, Any]


def source(file: str) -> ast.Module:
    spec = find_spec("trl")
    assert spec is not None
    assert spec.submodule_search_locations is not None
    path = Path(spec.submodule_search_locations[0]) / "trainer" / file
    return ast.parse(path.read_text(encoding="utf-8"))


def definition(file: str, name: str) -> ast.FunctionDef:
    found = [
        node
        for node in ast.walk(source(file))
        if isinstance(node, ast.FunctionDef) and node.name == name
    ]
    (only,) = found
    return only


def function(file: str, name: str) -> Any:
    """A function of TRL, without its module."""
    scope: Scope = {"torch": torch}
    node = definition(file, name)
    exec(compile(ast.Module([node], []), file, "exec"), scope)
    return scope[name]


def follow(file: str, method: str, names: str, scope: Scope) -> Scope:
    """Run the assignments of a method to the ``names``, with what ``scope`` gives."""
    scope = {"torch": torch, "F": torch.nn.functional, **scope}
    _follow(definition(file, method).body, set(names.split()), scope)
    return scope


def _follow(body: list[ast.stmt], names: set[str], scope: Scope) -> None:
    for node in body:
        if isinstance(node, ast.Assign) and {ast.unparse(t) for t in node.targets} <= names:
            _attempt(compile(ast.Module([node], []), "trl", "exec"), scope)
        elif isinstance(node, ast.If):
            test = compile(ast.Expression(node.test), "trl", "eval")
            if (holds := _attempt(test, scope)) is not None:
                _follow(node.body if holds else node.orelse, names, scope)
        elif isinstance(node, ast.For):
            _follow(node.body, names, scope)


def _attempt(code: Any, scope: Scope) -> Any:
    """The value of a line; None for one that needs more than is given, which is no formula."""
    try:
        return eval(code, scope)
    except (NameError, AttributeError, KeyError):
        return None


def grpo_advantages(r: torch.Tensor, scale: str) -> torch.Tensor:
    trainer = SimpleNamespace(multi_objective_aggregation="sum_then_normalize", scale_rewards=scale)
    given = {"self": trainer, "rewards": r.flatten(), "num_generations": r.shape[1]}
    given["nanstd"] = function("utils.py", "nanstd")
    names = "mean_grouped_rewards std_rewards advantages"
    found = follow("grpo_trainer.py", "_generate_and_score_completions", names, given)
    return found["advantages"].reshape(r.shape)


def rloo_advantages(r: torch.Tensor) -> torch.Tensor:
    trainer = SimpleNamespace(normalize_advantages=False)
    given = {"self": trainer, "rewards": r.flatten(), "num_generations": r.shape[1]}
    names = "grouped_rewards scorable_counts grouped_sum baselines advantages"
    found = follow("rloo_trainer.py", "_generate_and_score_completions", names, given)
    return found["advantages"].reshape(r.shape)


def grpo_loss(
    x: Scope, loss_type: str, level: str = "token", beta: float = 0.0, corrected: bool = False
) -> tuple[torch.Tensor, torch.Tensor]:
    """The loss, and its derivative in the log-probabilities of the tokens."""
    trainer = SimpleNamespace(
        args=SimpleNamespace(delta=None, use_bias_correction_kl=corrected),
        importance_sampling_level=level,
        loss_type=loss_type,
        beta=beta,
        epsilon_low=float(x["eps"]),
        epsilon_high=float(x["eps"]),
        off_policy_mask_threshold=None,
        use_vllm=False,
        max_completion_length=x["new"].shape[1],
        accelerator=SimpleNamespace(num_processes=1),
    )
    logps = x["new"].clone().requires_grad_()
    given = {
        "self": trainer,
        "mode": "eval",
        "per_token_logps": logps,
        "old_per_token_logps": x["old"],
        "mask": x["mask"],
        "advantages": x["A"].unsqueeze(1),
        "entropy_mask": None,
        "inputs": {"ref_per_token_logps": x["ref"], "num_items_in_batch": x["mask"].sum()},
    }
    names = """log_ratio log_importance_weights coef_1 coef_2 ref_per_token_logps per_token_kl
        per_token_loss1 per_token_loss2 per_token_loss loss normalizer"""
    loss = follow("grpo_trainer.py", "_compute_loss", names, given)["loss"]
    (slope,) = torch.autograd.grad(loss, logps)
    return loss.detach(), slope


def dpo_losses(chosen: torch.Tensor, rejected: torch.Tensor, beta: float) -> torch.Tensor:
    trainer = SimpleNamespace(f_divergence_type="reverse_kl", beta=beta, use_weighting=False)
    given = {"self": trainer, "loss_type": "sigmoid"}
    given |= {"chosen_logratios": chosen, "rejected_logratios": rejected}
    names = "chosen_scores rejected_scores delta_score per_sequence_loss"
    return follow("dpo_trainer.py", "_compute_loss", names, given)["per_sequence_loss"]


def answers(x: Scope) -> dict[str, np.ndarray]:
    on_policy = x | {"old": x["new"]}
    price_alone = on_policy | {"A": 0 * x["A"]}
    _, kl = grpo_loss(price_alone, "bnpo", beta=1.0)
    _, corrected = grpo_loss(price_alone, "bnpo", beta=1.0, corrected=True)
    far = x | {"eps": torch.tensor(1e9)}
    found = {
        "grpo_group": grpo_advantages(x["r"], "group"),
        "grpo_none": grpo_advantages(x["r"], "none"),
        "rloo": rloo_advantages(x["r"]),
        "loss_grpo": grpo_loss(x, "grpo")[0],
        "loss_dr_grpo": grpo_loss(x, "dr_grpo")[0],
        "loss_dapo": grpo_loss(x, "dapo")[0],
        "loss_gspo": grpo_loss(far, "grpo", "sequence")[0],
        "kl": kl,
        "kl_corrected": corrected,
        "dpo": dpo_losses(x["chosen"], x["rejected"], float(x["beta"])),
    }
    return {name: value.numpy() for name, value in found.items()}


if __name__ == "__main__":
    inputs, outputs = sys.argv[1:]
    given = {name: torch.from_numpy(x) for name, x in np.load(inputs).items()}
    np.savez(outputs, version=version("trl"), **answers(given))
