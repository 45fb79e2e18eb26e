# SPDX-License-Identifier: BSD-2-Clause
"""What is woven into a tree: computed in full before anything is written."""

import os
import re

from .c_source import Unclear, signature
from .facts import Facts
from .tree import marker_in_c, marker_in_make

# In what is copied, shows whose file it is.
OURS = 'the teeleak authors'
HEADERS = 'kernel/leak_audit_weave'
TREE_HEADER = 'core/include/kernel/leak_audit_tree.h'
COPIED = ('core', 'lib', 'mk')


class Plan:
    """Files to write, by name, and all that stands in the way."""

    def __init__(self, tree, pta, table):
        self.tree = tree
        self.pta = pta
        self.table = table
        self.marker = table['marker']
        self.inserts = {}
        self.refusals = []
        self.gaps = []
        self.facts = Facts(tree)
        self._lines()
        self._hooks()
        self._ends()
        self.facts.probe(table.get('facts', []), self.gaps)
        self.files = {}
        if not self.refusals:
            self._weave()
            self._copy()

    def refuse(self, what, files, hint, elsewhere=()):
        text = '%s: looked for it in %s' % (what, ', '.join(files))
        if elsewhere:
            text += '; there is one in %s' % ', '.join(elsewhere)
        self.refusals.append('%s; %s' % (text, hint))

    def insert(self, name, at, lines):
        self.inserts.setdefault(name, []).append((at, lines))

    def place(self, files):
        """The first of these files that there is."""
        return next((name for name in files if self.tree.has(name)), None)

    def include(self, header, kernel_only):
        marker = marker_in_c(self.marker)
        line = '#include <%s/%s.h> %s' % (HEADERS, header, marker)
        if not kernel_only:
            return [line]
        return ['#ifdef __KERNEL__ ' + marker, line, '#endif ' + marker]

    def _lines(self):
        """Lines at the ends of makefiles."""
        for entry in self.table.get('lines', []):
            name = self.place([entry['file']])
            if not name:
                self.refuse('no such file', [entry['file']],
                            'is this an optee_os tree?')
                continue
            line = '%s %s' % (entry['line'], marker_in_make(self.marker))
            self.insert(name, len(self.tree.text(name)), [line])

    def _hooks(self):
        for hook in self.table.get('hooks', []):
            found = [one for one in hook['one_of'] if self._is_there(one)]
            if found:
                self._hook(hook, found[0])
            elif hook.get('gap'):
                self.gaps.append(hook['gap'])
            else:
                self._missing(hook)

    def _is_there(self, one):
        name = self.place(one['files'])
        if not name or not self.tree.source(name).find(*kind_and_name(one)):
            return False
        functions = [f.name for f in self.tree.source(name).functions]
        return all(other in functions for other in one.get('needs', []))

    def _missing(self, hook):
        ours = [file for file, _ in copies(self.pta)]
        for one in hook['one_of']:
            kind, name = kind_and_name(one)
            places = [file for file in self.tree.elsewhere(kind, name)
                      if file not in one['files'] + ours]
            hint = hook['hint']
            if places:
                hint = ('add that file to "files" of %s in port/hooks.json if '
                        'it is the same %s' % (name, kind))
            self.refuse('no %s %s' % (kind, name), one['files'], hint, places)

    def _hook(self, hook, one):
        name = self.place(one['files'])
        kind, wanted = kind_and_name(one)
        source = self.tree.source(name)
        self.facts.set(one.get('fact'), hook)
        for definition in source.find(kind, wanted):
            try:
                self._around(name, source, definition, one)
            except Unclear as why:
                self.refuse('%s %s cannot be woven: %s' % (kind, wanted, why),
                            [name], 'give it a plain form, as upstream has it')

    def _around(self, name, source, definition, one):
        lines = self.include(definition.name, one.get('kernel_only'))
        if 'struct' in one:
            self.insert(name, source.line_begin(definition.close), lines)
            return
        begin, end = source.edges(definition)
        known = one['signatures']
        types = signature(definition)
        if types not in known:
            self.refuse(
                'function %s has a signature that is not known: %s'
                % (definition.name, types), [name], 'compare it with "%s", '
                'then add it to "signatures" in port/hooks.json and adapt '
                'core/include/%s/%s.h' % ('" and "'.join(known), HEADERS,
                                          definition.name))
            return
        self.facts.choose(known, types)
        self.insert(name, begin, lines)
        self.insert(name, end, lines)

    def _ends(self):
        """Code that sees the statics of a file is included at its end."""
        for entry in self.table.get('ends', []):
            name = self.place(entry['files'])
            fact = entry.get('fact')
            missing = name and self._statics(name, entry)
            if name and not missing:
                lines = self.include(entry['header'], entry.get('kernel_only'))
                self.insert(name, len(self.tree.text(name)), lines)
                self.facts.values[fact] = True
            elif entry.get('gap') or entry.get('otherwise'):
                self.facts.values[fact] = False
                self.gaps += [entry['gap']] if entry.get('gap') else []
            else:
                what = 'no such file'
                if name:
                    what = 'no %s' % ', '.join(missing)
                self.refuse(what, entry['files'], entry['hint'])

    def _statics(self, name, entry):
        there = self.tree.source(name).identifiers()
        return [one for one in entry.get('needs', []) if one not in there]

    def _weave(self):
        for name, inserts in self.inserts.items():
            if self._is_foreign(name):
                continue
            self.files[name] = woven(self.tree.text(name), inserts)

    def _is_foreign(self, name):
        """Whether a file has hooks that were not woven, as patches made
        them."""
        if not re.search(r'\b' + self.marker, self.tree.text(name)):
            return False
        self.refuse('%s is mentioned by lines that were not woven' %
                    self.marker, [name], 'start from a tree without them')
        return True

    def _copy(self):
        for name, text in copies(self.pta):
            if self.tree.has(name) and OURS in text and \
                    OURS not in self.tree.read(name):
                self.refuse('a file of this name that is not from the leak '
                            'audit', [name], 'move it away')
            self.files[name] = text
        if self.table.get('tree_header'):
            self.files[TREE_HEADER] = self.facts.header()


def kind_and_name(one):
    kind = 'struct' if 'struct' in one else 'function'
    return kind, one[kind]


def woven(text, inserts):
    """The text with lines before offsets of it, in the order of the table."""
    out = []
    rest = 0
    for at, lines in sorted(inserts, key=lambda insert: insert[0]):
        out.append(text[rest:at])
        rest = at
        out.append(block(text, at, lines))
    out.append(text[rest:])
    return ''.join(out)


def block(text, at, lines):
    """Lines with ends as their neighbours have them."""
    end = '\r\n' if text[:at].endswith('\r\n') or \
        (not at and '\r\n' in text) else '\n'
    if at and not text[:at].endswith('\n'):
        return ''.join(end + line for line in lines)
    return ''.join(line + end for line in lines)


def copies(pta):
    """Names and texts of the files that are copied."""
    for folder in COPIED:
        for at, folders, names in os.walk(os.path.join(pta, folder)):
            folders.sort()
            for name in sorted(names):
                path = os.path.join(at, name)
                with open(path, encoding='latin-1', newline='') as file:
                    text = file.read()
                yield os.path.relpath(path, pta).replace(os.sep, '/'), text
