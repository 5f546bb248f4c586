"""What the workflows promise: they cannot run here, but what they would do can be read."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
WORKFLOWS = {
    path.stem: yaml.safe_load(path.read_text(encoding="utf-8"))
    for path in (ROOT / ".github" / "workflows").glob("*.yml")
}
TARGETS = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M)
GATE = ".ci/run"
PYTHONS = {"3.10", "3.11", "3.12", "3.13", "3.14"}
# What takes longer than a gate may, and is run by the clock.
WEEKLY = {
    "lock",
    "oracles",
    "seeds",
    "weekly",
    "mutants",
    "reproducible",
    "kernels",
    "plain",
    "epub",
}
# Who may write what: the jobs that publish, and they run no code of this repository.
WRITERS = {
    ("ci", "deploy"): {"pages", "id-token"},
    ("release", "publish"): {"id-token"},
}


def commands(job: dict) -> str:
    """All that a job types, with the commands of its matrix in their places."""
    matrix = job.get("strategy", {}).get("matrix", {})
    return "\n".join(
        step["run"].replace("$COMMAND", " ".join(matrix.get("command", [])))
        for step in job["steps"]
        if "run" in step
    )


def made(job: dict) -> set[str]:
    """The targets of `make` that a job asks for."""
    lines = re.findall(r"\bmake ([^\n&|]+)", commands(job))
    return {word for line in lines for word in line.split() if re.fullmatch("[a-z]+", word)}


def needed(jobs: dict, name: str) -> set[str]:
    """The jobs that come before a job."""
    direct = jobs.get(name, {}).get("needs", [])
    direct = {direct} if isinstance(direct, str) else set(direct)
    return direct.union(*(needed(jobs, before) for before in direct))


def pythons(job: dict) -> list[str]:
    """The versions that a job installs; the last one leads."""
    said = [str(step.get("with", {}).get("python-version", "")) for step in job["steps"]]
    return re.findall(r"\d\.\d+", "\n".join(said))


def leaders(job: dict) -> list[str]:
    """The versions that build and test the book in a job."""
    return job.get("strategy", {}).get("matrix", {}).get("python") or pythons(job)[-1:]


def faults(workflows: dict) -> Iterator[str]:
    """What the workflows do and should not."""
    for workflow, content in workflows.items():
        jobs = content["jobs"]
        if content.get("permissions") != {}:
            yield f"{workflow}: permissions are not given job by job"
        for name, job in jobs.items():
            place = f"{workflow}: {name}"
            if "timeout-minutes" not in job:
                yield f"{place} may run for ever"
            if unknown := needed(jobs, name) - jobs.keys():
                yield f"{place} needs {unknown}, which is no job"
            if unknown := made(job) - set(TARGETS):
                yield f"{place} makes {unknown}, which the Makefile does not know"
            writes = {key for key, value in job.get("permissions", {}).items() if value == "write"}
            if writes != WRITERS.get((workflow, name), set()):
                yield f"{place} may write {writes}"
            if writes and commands(job):
                yield f"{place} may write, and runs commands"
            if writes and not any(GATE in commands(jobs[before]) for before in needed(jobs, name)):
                yield f"{place} publishes what no test has passed"
    yield from untested(workflows)


def untested(workflows: dict) -> Iterator[str]:
    """What is published of Pythons, commands and addresses that no test has seen."""
    for workflow, builder in (("ci", "site"), ("release", "build")):
        jobs = workflows[workflow]["jobs"]
        gates = [job for job in jobs.values() if GATE in commands(job)]
        if {version for job in gates for version in pythons(job) + leaders(job)} != PYTHONS:
            yield f"{workflow}: some Pythons are not tested"
        if not set(leaders(jobs[builder])) & {leader for job in gates for leader in leaders(job)}:
            yield f"{workflow}: it is built by another Python than the tests"
        told = [step.get("env", {}) for step in jobs[builder]["steps"]]
        if not any({"PGCOMPANION_REPOSITORY", "PGCOMPANION_SITE"} <= env.keys() for env in told):
            yield f"{workflow}: what is published does not know its address"
    clocked = (w for w in workflows.values() if "schedule" in w[True])  # YAML reads `on` as a truth
    asked = set().union(*(made(job) for w in clocked for job in w["jobs"].values()))
    if missing := WEEKLY - asked:
        yield f"nobody runs {missing} once a week"


def test_the_workflows_publish_what_was_tested_and_nothing_else() -> None:
    assert list(faults(WORKFLOWS)) == []


def drop(job: dict, *path: str) -> None:
    *outer, last = path
    for key in outer:
        job = job[key]
    del job[last]


# A slip in a workflow -> how it is made, and a word of the sentence that names it.
SLIPS = {
    "a job without a limit": (
        lambda w: drop(w["ci"]["jobs"]["check"], "timeout-minutes"),
        "for ever",
    ),
    "deployed before it is tested": (lambda w: drop(w["ci"]["jobs"]["site"], "needs"), "no test"),
    "released before it is tested": (
        lambda w: drop(w["release"]["jobs"]["build"], "needs"),
        "no test",
    ),
    "a job that is not there": (lambda w: w["ci"]["jobs"]["test"].update(needs="chekc"), "no job"),
    "a right for all jobs": (
        lambda w: w["ci"].update(permissions={"contents": "write"}),
        "job by job",
    ),
    "a right too many": (
        lambda w: w["newest"]["jobs"]["newest"]["permissions"].update(contents="write"),
        "may write {'contents'}",
    ),
    "code where something is published": (
        lambda w: w["release"]["jobs"]["publish"]["steps"].append({"run": "ls"}),
        "runs commands",
    ),
    "a target that is not there": (
        lambda w: w["weekly"]["jobs"]["oracles"]["steps"].append({"run": "make oracle"}),
        "Makefile",
    ),
    "a Python less": (
        lambda w: w["release"]["jobs"]["test"]["steps"][1]["with"].update(
            {"python-version": "3.13"}
        ),
        "not tested",
    ),
    "another Python": (
        lambda w: w["ci"]["jobs"]["site"]["steps"][1]["with"].update({"python-version": "3.12"}),
        "another Python",
    ),
    "a wheel without links": (
        lambda w: [step.pop("env", None) for step in w["release"]["jobs"]["build"]["steps"]],
        "its address",
    ),
    "a week without oracles": (lambda w: drop(w["weekly"]["jobs"], "oracles"), "nobody runs"),
}


@pytest.mark.parametrize("slip", SLIPS)
def test_a_slip_in_a_workflow_is_named(slip: str) -> None:
    make, word = SLIPS[slip]
    wrong = copy.deepcopy(WORKFLOWS)
    make(wrong)
    assert any(word in sentence for sentence in faults(wrong))
