#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Puts the leak audit into an optee_os tree, or takes it out again."""

import argparse
import json
import os
import sys
import tempfile

sys.dont_write_bytecode = True

from port.tree import Tree, unwoven
from port.weave import Plan, copies, TREE_HEADER

HERE = os.path.dirname(os.path.abspath(__file__))
REFUSED = 3


def main():
    options = arguments()
    with open(os.path.join(options.pta, 'port', 'hooks.json')) as file:
        table = json.load(file)
    tree = Tree(options.tree, table['marker'])
    if not tree.has('mk/config.mk'):
        return fail(tree, ['%s has no mk/config.mk: it is no optee_os tree'
                           % options.tree])
    if options.revert:
        return revert(tree, options.pta, table)
    plan = Plan(tree, options.pta, table)
    if plan.refusals:
        return fail(tree, plan.refusals)
    return report(tree, plan, options.check)


def arguments():
    parser = argparse.ArgumentParser(
        description=__doc__, epilog='Exit code %d: refused, nothing was '
        'changed.' % REFUSED)
    parser.add_argument('tree', help='the optee_os tree')
    way = parser.add_mutually_exclusive_group()
    way.add_argument('--check', action='store_true',
                     help='print what would change, and change nothing')
    way.add_argument('--revert', action='store_true',
                     help='take everything out again')
    parser.add_argument('--pta', default=HERE, metavar='DIR',
                        help='what to put in, in place of the leak audit')
    return parser.parse_args()


def fail(tree, refusals):
    for refusal in refusals:
        print('refused: %s' % refusal, file=sys.stderr)
    print('nothing was changed in %s' % tree.root, file=sys.stderr)
    return REFUSED


def report(tree, plan, check):
    changed = [name for name in sorted(plan.files)
               if not tree.has(name) or tree.read(name) != plan.files[name]]
    for name in changed:
        kind = 'weave' if name in plan.inserts else 'copy'
        print('%s %s' % (kind, name))
        if not check:
            write(tree.path(name), plan.files[name])
    release = tree.release()
    print('release: %s' % ('%d.%d' % release if release else 'unknown'))
    for gap in plan.gaps:
        print('gap: %s' % gap)
    print('%d files %s' % (len(changed),
                           'would change' if check else 'changed'))
    return 0


def revert(tree, pta, table):
    names = [name for name, _ in copies(pta)]
    if table.get('tree_header'):
        names.append(TREE_HEADER)
    for name in filter(tree.has, names):
        print('remove %s' % name)
        os.remove(tree.path(name))
        prune(tree.root, os.path.dirname(tree.path(name)))
    for name in filter(tree.has, woven_files(table)):
        text = tree.read(name)
        if unwoven(text, table['marker']) != text:
            print('revert %s' % name)
            write(tree.path(name), unwoven(text, table['marker']))
    return 0


def woven_files(table):
    names = [entry['file'] for entry in table.get('lines', [])]
    for entry in table.get('ends', []):
        names += entry['files']
    for hook in table.get('hooks', []):
        for one in hook['one_of']:
            names += one['files']
    return sorted(set(names))


def prune(root, folder):
    """Remove folders that are empty now."""
    while folder != root and not os.listdir(folder):
        os.rmdir(folder)
        folder = os.path.dirname(folder)


def write(path, text):
    """A file is the old one or the new one, whatever happens."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    mode = os.stat(path).st_mode & 0o7777 if os.path.exists(path) else 0o644
    handle, name = tempfile.mkstemp(dir=os.path.dirname(path))
    with os.fdopen(handle, 'w', encoding='latin-1', newline='') as file:
        file.write(text)
    os.chmod(name, mode)
    os.replace(name, path)


if __name__ == '__main__':
    sys.exit(main())
