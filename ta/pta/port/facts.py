# SPDX-License-Identifier: BSD-2-Clause
"""Facts of a tree that the C sources ask for, as LEAK_AUDIT_TREE_...: what is
there is looked for by structure, and not concluded from the release."""

from .c_source import fields

HEAD = '''/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026, the teeleak authors
 */

/* Made by ta/pta/port.py of teeleak: what it found in this tree */

#ifndef __KERNEL_LEAK_AUDIT_TREE_H
#define __KERNEL_LEAK_AUDIT_TREE_H

'''
TAIL = '''
#endif /*__KERNEL_LEAK_AUDIT_TREE_H*/
'''


class Facts:
    def __init__(self, tree):
        self.tree = tree
        self.values = {}

    def set(self, fact, hook):
        """That the alternative with this fact was taken, and no other."""
        for one in hook['one_of']:
            if one.get('fact'):
                self.values[one['fact']] = one['fact'] == fact

    def choose(self, known, types):
        """Which of the known signatures a function has."""
        for other, fact in known.items():
            if fact:
                self.values[fact] = other == types

    def probe(self, table, gaps):
        for entry in table:
            there = self._is_there(entry)
            self.values[entry['fact']] = there
            if not there and entry.get('gap'):
                gaps.append(entry['gap'])

    def _is_there(self, entry):
        files = [name for name in entry['files'] if self.tree.has(name)]
        if not files or 'file' in entry:
            return bool(files)
        return any(holds(self.tree.source(name), entry) for name in files)

    def header(self):
        major, minor = self.tree.release() or (0, 0)
        values = dict(self.values)
        values.pop(None, None)
        lines = [('MAJOR', major), ('MINOR', minor)]
        lines += [(fact, int(values[fact])) for fact in sorted(values)]
        text = ''.join('#define LEAK_AUDIT_TREE_%s\t%d\n' % line
                       for line in lines)
        return HEAD + text + TAIL


def holds(source, entry):
    if 'field' in entry:
        return any(entry['field'] in fields(struct)
                   for struct in source.find('struct', entry['struct']))
    if 'macro' in entry:
        return entry['macro'] in source.macros()
    if 'call' in entry:
        return entry['call'] in source.calls() or \
            entry['call'] in source.macros()
    return entry['name'] in source.identifiers()
