# SPDX-License-Identifier: BSD-2-Clause
"""An optee_os tree: its files as text, and its release."""

import os
import re

from .c_source import Source

VERSIONS = re.compile(r'^\s*CFG_OPTEE_REVISION_(MAJOR|MINOR)\s*\?=\s*(\d+)',
                      re.M)
# Where to look for what was moved.
FOLDERS = ('core', 'lib', 'ldelf')


class Tree:
    def __init__(self, root, marker):
        self.root = root
        self.marker = marker
        self.texts = {}
        self.sources = {}

    def path(self, name):
        return os.path.join(self.root, *name.split('/'))

    def has(self, name):
        return os.path.isfile(self.path(name))

    def read(self, name):
        """A file as it is."""
        with open(self.path(name), encoding='latin-1', newline='') as file:
            return file.read()

    def text(self, name):
        """A file without what was woven into it before."""
        if name not in self.texts:
            self.texts[name] = unwoven(self.read(name), self.marker)
        return self.texts[name]

    def source(self, name):
        if name not in self.sources:
            self.sources[name] = Source(self.text(name))
        return self.sources[name]

    def release(self):
        """Major and minor number of the release, or None."""
        if not self.has('mk/config.mk'):
            return None
        found = dict(VERSIONS.findall(self.text('mk/config.mk')))
        if len(found) == 2:
            return int(found['MAJOR']), int(found['MINOR'])
        return None

    def elsewhere(self, kind, name):
        """Files that define it, wherever they are."""
        pattern = re.compile(r'\b%s\b' % re.escape(name))
        return [path for path in self._all_sources()
                if pattern.search(self.text(path))
                and self.source(path).find(kind, name)]

    def _all_sources(self):
        for folder in FOLDERS:
            for at, folders, names in os.walk(self.path(folder)):
                folders.sort()
                for name in sorted(names):
                    if name.endswith(('.c', '.h')):
                        path = os.path.join(at, name)
                        path = os.path.relpath(path, self.root)
                        yield path.replace(os.sep, '/')


def unwoven(text, marker):
    """Without the lines that end with the marker. A last line without an end
    of its own was appended to one that had none either."""
    lines = split(text)
    kept = [line for line in lines if not is_woven(line, marker)]
    if lines and is_woven(lines[-1], marker) and kept and \
            not lines[-1].endswith('\n'):
        kept[-1] = kept[-1].rstrip('\r\n')
    return ''.join(kept)


def split(text):
    """Lines with their ends: \\n ends one, and nothing else does."""
    return re.findall(r'[^\n]*\n|[^\n]+', text)


def is_woven(line, marker):
    return line.rstrip('\r\n').endswith(marker_in_c(marker)) or \
        line.rstrip('\r\n').endswith(marker_in_make(marker))


def marker_in_c(marker):
    return '/* %s */' % marker


def marker_in_make(marker):
    return '# %s' % marker
