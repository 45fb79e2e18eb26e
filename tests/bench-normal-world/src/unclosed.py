"""Copies of descriptors that are never closed, of a text of strace -f -tt: what one writes in such a case.

Prints "PROCESS OLD NEW" for each, sorted.
"""

import re
import sys

LINE = re.compile(r"(?:\[pid +)?(\d+)\]? +(?:[\d:.]+ +)?(\w+)\((.*)\) += (-?\d+)")
BEGUN = re.compile(r"(?:\[pid +)?(\d+)\]? +(?:[\d:.]+ +)?(\w+)\((.*?) *<unfinished \.\.\.>")
RESUMED = re.compile(r"(?:\[pid +)?(\d+)\]? +(?:[\d:.]+ +)?<\.\.\. (\w+) resumed>(.*)\) += (-?\d+)")
ENDED = re.compile(r"(?:\[pid +)?(\d+)\]? +(?:[\d:.]+ +)?\+\+\+ ")

process_of = {}  # thread: process
copies = {}  # (process, descriptor): the one it is a copy of
begun = {}  # thread: arguments

with open(sys.argv[1], encoding="utf-8", errors="replace") as text:
    for line in text:
        if match := LINE.match(line):
            task, call, args, result = match.groups()
        elif match := BEGUN.match(line):
            begun[match[1]] = match[3]
            continue
        elif match := RESUMED.match(line):
            task, call, args, result = match.groups()
            args = begun.pop(task, "") + args
        elif match := ENDED.match(line):
            task = match[1]
            if process_of.get(task, task) == task:
                for key in [key for key in copies if key[0] == task]:
                    del copies[key]
            continue
        else:
            continue
        if result.startswith("-"):
            continue
        process = process_of.get(task, task)
        if call in ("dup", "dup2", "dup3") or call == "fcntl" and "F_DUPFD" in args:
            copies[process, result] = args.split(",")[0]
        elif call == "close":
            copies.pop((process, args), None)
        elif call in ("open", "openat"):
            copies.pop((process, result), None)
        elif call in ("clone", "clone3") and "CLONE_THREAD" in args:
            process_of[result] = process

for process, old, new in sorted((int(p), int(old), int(new)) for (p, new), old in copies.items()):
    print(process, old, new)
