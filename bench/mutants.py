"""Mutation testing of alarm guard, alarm memory and uplink policy: a small change of the C's meaning, and do tests see it?

Rule: a mutant whose machine code is that of the original is none. One that the tests let pass is listed, with its line.
Use: python -m bench.mutants WORK [--file F] [--sample N]   (resumable; prints the table; exit 1 below 95 %)
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import hypothesis  # noqa: F401  # so that a fork need not
import numpy as np
import pytest

from bench import planted
from bench.planted import FLAGS, ROOT, Cores, PlantError
from bench.tables import table

TESTS = {
    "alarm_guard.c": (
        "tests/unit/test_alarm_guard.py", "tests/unit/test_alarm_guard_instants.py",
        "tests/unit/test_alarm_firmware.py", "tests/unit/test_alarm_use.py", "tests/property/test_alarm.py",
    ),
    "alarm_memory.c": (
        "tests/unit/test_alarm_memory.py", "tests/unit/test_alarm_use.py", "tests/unit/test_alarm_lost_clock.py",
        "tests/unit/test_alarm_firmware.py", "tests/property/test_alarm.py",
    ),
    "uplink_policy.c": (
        "tests/unit/test_uplink_policy.py", "tests/unit/test_uplink_policy_memory.py",
        "tests/unit/test_firmware_silence.py", "tests/unit/test_silence.py", "tests/unit/test_firmware.py",
    ),
}  # fmt: skip
"""Tried in this order."""
UNIT = {"alarm_guard.c": 2, "alarm_memory.c": 1, "uplink_policy.c": 2}
"""So many of them are of the source alone."""
LEAST = 0.95
CPU_S = 60
"""Of a file of tests, at most: four times what the slowest takes."""
MEMORY_BYTES = 3 << 30
OPERATORS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (r"(?<![-<>=!])<(?![<=])", ("<=", ">=")),
    (r"(?<![-<>=!])>(?![>=])", (">=", "<=")),
    (r"<=", ("<", ">")),
    (r"(?<!>)>=", (">", "<")),
    (r"==", ("!=",)),
    (r"!=", ("==",)),
    (r"&&", ("||",)),
    (r"\|\|", ("&&",)),
    (r" \+ ", (" - ",)),
    (r" - ", (" + ",)),
    (r"!(?=[\w(])", ("",)),
    (r"\b0u?\b(?!\w)", ("1u",)),
    (r"\b1u?\b(?!\w)", ("0u",)),
    (r"\bNEVER\b", ("0u",)),
    (r"\bearlier\(", ("later_of(",)),
)
STATEMENT = re.compile(r"^ +[\w*(][\w*(&>.\[\]-]*(?: [-+|&]?= [^;{]*|\([^;{]*\))?;", re.MULTILINE)
WHY = {
    "if (deadline_us < last_us || deadline_us - last_us <= doubt_us) {": "where both are equal the other side is true as well",
    "(deadline_us < last_us ? last_us - deadline_us : deadline_us - last_us) > SW_ALARM_STEP_US) {": "0 either way round",
    "break;": "what it falls into is set right by the table's cell just after",
    "g->snooze_us = NEVER;": "the table's cell sets it right just after",
    "g->ring_ends_us = NEVER;": "the table's cell sets it right just after",
    "*(g->replaced_us < g->deadline_us ? &g->replaced_us : &g->deadline_us) = NEVER;": "both ring at one instant: once",
    "(a->waited < pieces ? ": "where both are equal nothing is left either way",
    "a->waited + begun < WAITED_MAX ? ": "where both are equal it is the same count",
    "left < SW_ALARM_CLOCK_NEAR ? ": "where both are equal it is 0 either way",
    "near > kept->near": "where both are equal nothing changes",
}
"""Mutants that no test can tell from the original, by a part of the line they are in."""
CELL = re.compile(r"\] = ([A-Z]+)\(([A-Z_, ]+)\),")
LATER = "static uint64_t later_of(uint64_t a, uint64_t b) { return a > b ? a : b; }\n"
KEPT_OUT = re.compile(r"/\*.*?\*/|^#.*?$|\"[^\"]*\"|static uint64_t earlier[^\n]*", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True)
class Mutant:
    """start, end: of the text that is replaced; line, column: where, from 1."""

    file: str
    start: int
    end: int
    new: str
    line: int
    column: int
    old: str

    @property
    def name(self) -> str:
        return (
            f"{self.file}:{self.line}:{self.column}: `{' '.join(self.old.split())}` -> `{' '.join(self.new.split())}`"
        )

    def text(self, source: str) -> str:
        """The whole file, mutated."""
        changed = source[: self.start] + self.new + source[self.end :]
        place = changed.index("static uint64_t earlier") if "later_of(" in self.new else None
        return changed if place is None else changed[:place] + LATER + changed[place:]


def mutants(file: str, source: str) -> list[Mutant]:
    """All of a source, in order of place."""
    blank = KEPT_OUT.sub(lambda found: re.sub(r"[^\n]", " ", found.group()), source)
    found = [
        (match.start(), match.end(), new)
        for pattern, news in OPERATORS
        for match in re.finditer(pattern, blank)
        for new in news
    ]
    found += [(match.start(), match.end(), "    ;") for match in STATEMENT.finditer(blank)]
    found += list(cells(blank))
    return [
        Mutant(file, start, end, new, *place(source, start), source[start:end])
        for start, end, new in sorted(set(found))
        if source[start:end] != new
    ]


def place(source: str, at: int) -> tuple[int, int]:
    """Line and column, from 1."""
    return source.count("\n", 0, at) + 1, at - source.rfind("\n", 0, at)


def cells(source: str) -> Iterator[tuple[int, int, str]]:
    """Cells of the table that lead elsewhere, or say something else."""
    names = sorted(set(re.findall(r"(?:STAY|GO|TELL)\((\w+)", source)))
    for match in CELL.finditer(source):
        words = [word.strip() for word in match.group(2).split(",")]
        at = match.start(2)
        if match.group(1) in ("STAY", "GO", "TELL") and words[0] in names:
            other = names[(names.index(words[0]) + 1) % len(names)]
            yield at, at + len(words[0]), other
        if len(words) > 1 and words[-1] != "NONE":
            last = match.end(2) - len(words[-1])
            yield last, match.end(2), "NONE"


def machine_code(text: str) -> str:
    """What the compiler makes of a source. Raises PlantError when it makes nothing."""
    paths = [f"-I{ROOT / 'native' / 'include'}", f"-I{ROOT / 'wire'}"]
    command = ["gcc", *FLAGS, "-fwrapv", *paths, "-S", "-x", "c", "-", "-o", "-"]
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    if done.returncode:
        raise PlantError(done.stderr.splitlines()[0] if done.stderr else "does not compile")
    return done.stdout


def verdict(mutant: Mutant, source: str, cores: Cores, original: str, tests: tuple[str, ...]) -> str:
    """`killed by TEST`, `survived`, `same code` or `does not compile`."""
    text = mutant.text(source)
    try:
        if machine_code(text) == original:
            return "same code"
        core = cores.build(f"mutant-{os.getpid()}", {mutant.file: text})
    except PlantError:
        return "does not compile"
    for test in tests:
        if (failed := fails(test, core)) is not None:
            return f"killed by {Path(test).stem}{failed}"
    return "survived"


def fails(test: str, core: Path) -> str | None:
    """Runs a file of tests on a core, in a fork: what is said beside its name when it fails, None when it passes."""
    child = os.fork()
    if not child:
        code = int(pytest.ExitCode.USAGE_ERROR)
        try:
            resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))  # a mutant may ring for ever, ...
            resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))  # ... and a busy machine kills none
            quiet = os.open(os.devnull, os.O_WRONLY)
            os.dup2(quiet, 1)
            os.dup2(quiet, 2)
            planted.use(core)
            code = int(pytest.ExitCode.INTERNAL_ERROR)
            words = ["-x", "-q", "-n", "0", "--timeout", "0", "-p", "no:cacheprovider", "-k", "not diagram"]
            code = int(pytest.main([*words, str(ROOT / test)]))
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        return ", it hung" if os.WTERMSIG(status) in (signal.SIGXCPU, signal.SIGKILL) else ", it crashed"
    code = os.waitstatus_to_exitcode(status)
    if code not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED, pytest.ExitCode.INTERNAL_ERROR):
        raise PlantError(f"{test}: pytest says {code}: tests that cannot run kill nothing")
    return "" if code else None


@dataclass(frozen=True)
class Tried:
    """name: of the mutant; said: its verdict."""

    file: str
    name: str
    said: str


def run_all(files: list[str], work: Path, sample: int | None, unit: bool = False) -> Iterator[Tried]:
    """Verdicts, those of a run that was broken off first."""
    cores = Cores(work / "planted")
    os.chdir(ROOT)
    os.environ["CI"] = "1"  # hypothesis tries the same each time
    for file in files:
        source = (ROOT / "native" / "src" / file).read_text()
        tests = TESTS[file][: UNIT[file] if unit else None]
        made_of = source.encode() + b"".join((ROOT / test).read_bytes() for test in tests)
        kept = work / f"mutants-{file}.{hashlib.sha256(made_of).hexdigest()[:12]}.jsonl"
        lines = kept.read_text().splitlines() if kept.is_file() else []
        known = {one.name: one for one in (Tried(**json.loads(line)) for line in lines)}
        wanted = mutants(file, source)
        if sample is not None and sample < len(wanted):
            wanted = [wanted[n] for n in sorted(np.random.default_rng(1).choice(len(wanted), sample, replace=False))]
        original = machine_code(source)
        with kept.open("a") as out:
            for mutant in wanted:
                if mutant.name not in known:
                    known[mutant.name] = Tried(file, mutant.name, verdict(mutant, source, cores, original, tests))
                    out.write(json.dumps(asdict(known[mutant.name])) + "\n")
                    out.flush()
                yield known[mutant.name]


def why(one: Tried) -> str:
    """Of a mutant that survived: why no test can kill it, as far as somebody has looked."""
    line = int(one.name.split(":")[1])
    text = (ROOT / "native" / "src" / one.file).read_text().splitlines()[line - 1].strip()
    return next((because for part, because in WHY.items() if part in text), "no test sees it")


HEAD = ["source", "mutants", "killed", "survived", "share killed", "same machine code"]


def section(work: Path, files: list[str], sample: int | None = None, unit: bool = False) -> tuple[str, list[str]]:
    """The table with the survivors behind it, and what is wrong."""
    work.mkdir(parents=True, exist_ok=True)
    tried = list(run_all(files, work.resolve(), sample, unit))
    rows, wrong = [], []
    for file in files:
        those = [one.said for one in tried if one.file == file]
        killed, survived = (sum(said.startswith(word) for said in those) for word in ("killed", "survived"))
        share = killed / max(1, killed + survived)
        same = those.count("same code")
        rows.append([file, str(killed + survived), str(killed), str(survived), f"{share:.3f}", str(same)])
        wrong += [f"{file}: {share:.3f} killed, expected {LEAST}"] if share < LEAST else []
    survivors = [f"* survived: {one.name}: {why(one)}" for one in tried if one.said == "survived"]
    return "\n".join([table(HEAD, rows), "", *survivors]), wrong


def main() -> int:
    """Exit code 1 when too many survive."""
    parser = argparse.ArgumentParser(prog="python -m bench.mutants", description=__doc__.splitlines()[0])
    parser.add_argument("work", type=Path)
    parser.add_argument("--file", action="append", choices=sorted(TESTS))
    parser.add_argument("--sample", type=int, help="only so many of each file, by chance")
    parser.add_argument("--unit", action="store_true", help="with the tests of the source alone: fast, more survive")
    options = parser.parse_args()
    text, wrong = section(options.work, options.file or list(TESTS), options.sample, options.unit)
    sys.stdout.write(text + "\n" + "".join(f"{one}\n" for one in wrong))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
