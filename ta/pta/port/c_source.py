# SPDX-License-Identifier: BSD-2-Clause
"""Where functions and structs are in a C source file.

Bytes are kept as they are: text is Latin-1, so that each byte is a character
and comes back the same. Comments, literals and directives are blanked out
before anything is looked for.
"""

import re

NOISE = re.compile(
    r'/\*.*?\*/|//(?:\\\r?\n|[^\n])*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\''
    r'|^[ \t]*\#(?:/\*.*?\*/|\\\r?\n|[^\n])*', re.S | re.M)
TOKEN = re.compile(r'[A-Za-z_]\w*|\.\.\.|[^\s\w]|\w+')
CONDITIONAL = re.compile(r'\s*#\s*(if|ifdef|ifndef|elif|else|endif)\b')
DEFINE = re.compile(r'^[ \t]*#[ \t]*define[ \t]+(\w+)', re.M)
# What has parentheses in the head of a function and is not its name.
ATTRIBUTES = ('__attribute__', '__aligned', '__section', '__asm__', 'asm',
              '__printf', '__nonnull', '__must_hold', '__acquires')


class Unclear(Exception):
    """There is something, but not in a form that can be woven."""


class Token:
    __slots__ = ('text', 'at')

    def __init__(self, text, at):
        self.text = text
        self.at = at


class Definition:
    """A function or struct: `begin` and `end` are offsets of its first and
    behind its last character, `close` that of its last brace."""

    def __init__(self, name, begin, end, close, head, body):
        self.name = name
        self.begin = begin
        self.end = end
        self.close = close
        self.head = head
        self.body = body


def blank(match):
    return re.sub(r'[^\n]', ' ', match.group(0))


class Source:
    """One C file."""

    def __init__(self, text):
        self.text = text
        self.plain = NOISE.sub(blank, text)
        self.directives = self._directives()
        self.tokens = [Token(m.group(0), m.start())
                       for m in TOKEN.finditer(self.plain)]
        self.functions = []
        self.structs = []
        self.outer = set()
        self._scan()

    def _directives(self):
        found = []
        for match in NOISE.finditer(self.text):
            kind = CONDITIONAL.match(match.group(0))
            if kind:
                found.append((match.start(), kind.group(1)))
        return found

    def identifiers(self):
        return {token.text for token in self.tokens}

    def macros(self):
        return set(DEFINE.findall(self.text))

    def calls(self):
        """Names that a parenthesis follows."""
        return {one.text for one, two in zip(self.tokens, self.tokens[1:])
                if two.text == '('}

    def _scan(self):
        depth = 0
        saved = []
        pending = list(self.directives)
        chunk = []
        opened = None
        for index, token in enumerate(self.tokens):
            while pending and pending[0][0] < token.at:
                depth = follow(pending.pop(0)[1], saved, depth)
            if depth == 0:
                self.outer.add(token.text)
            if token.text == '{':
                if depth == 0:
                    opened = (chunk, index)
                depth += 1
            elif token.text == '}':
                depth = max(depth - 1, 0)
                if depth == 0 and opened:
                    self._add(opened[0], opened[1], index)
                    chunk = []
                    opened = None
            elif depth == 0:
                chunk = [] if token.text == ';' else chunk + [token]

    def _add(self, head, opening, closing):
        body = self.tokens[opening + 1:closing]
        close = self.tokens[closing].at
        if not head:
            return
        name, first = function_name(head)
        if name:
            self.functions.append(Definition(
                name, head[first].at, close + 1, close, head[first:], body))
        elif len(head) >= 2 and head[-2].text == 'struct':
            self.structs.append(Definition(
                head[-1].text, head[0].at, close + 1, close, head, body))

    def find(self, kind, name):
        found = self.functions if kind == 'function' else self.structs
        return [one for one in found if one.name == name]

    def level(self, at):
        """How many conditionals are open there, and which branch of them."""
        branches = []
        for start, kind in self.directives:
            if start >= at:
                break
            if kind in ('if', 'ifdef', 'ifndef'):
                branches.append(start)
            elif kind == 'endif' and branches:
                branches.pop()
            elif branches:
                branches[-1] = start
        return branches

    def line_begin(self, at):
        """Where the line of `at` begins, which has nothing before it."""
        start = self.plain.rfind('\n', 0, at) + 1
        if self.plain[start:at].strip() or comment_reaches(self.text, start):
            raise Unclear('it does not begin on a line of its own')
        return start

    def line_end(self, at):
        """Where the line behind `at` begins, with nothing in between."""
        end = self.plain.find('\n', at)
        end = len(self.plain) if end < 0 else end + 1
        if self.plain[at:end].strip() or comment_reaches(self.text, end):
            raise Unclear('it does not end on a line of its own')
        return end

    def edges(self, definition):
        """Where lines go before and behind a definition."""
        begin = self.line_begin(definition.begin)
        end = self.line_end(definition.end)
        opening = self.text.find('{', definition.begin)
        if any(definition.begin <= at < opening for at, _ in self.directives):
            raise Unclear('its head has preprocessor conditionals')
        if self.level(begin) != self.level(end):
            raise Unclear('it begins and ends in different preprocessor '
                          'conditionals')
        return begin, end


def comment_reaches(text, at):
    """Whether a comment began before `at` and goes on there."""
    for match in NOISE.finditer(text):
        if match.start() >= at:
            return False
        if match.end() > at:
            return True
    return False


def follow(kind, saved, depth):
    """The depth of braces behind a conditional: each branch begins alike."""
    if kind in ('if', 'ifdef', 'ifndef'):
        saved.append(depth)
    elif kind == 'endif':
        if saved:
            saved.pop()
    elif saved:
        return saved[-1]
    return depth


def groups(head):
    """Names with parentheses behind them, at the outer level."""
    found = []
    depth = 0
    for index, token in enumerate(head):
        if token.text == '(':
            if depth == 0 and index and re.match(r'\w', head[index - 1].text):
                found.append((head[index - 1].text, index - 1))
            depth += 1
        elif token.text == ')':
            depth -= 1
            if depth == 0 and found:
                found[-1] = (found[-1][0], found[-1][1], index)
    return [group for group in found
            if len(group) == 3 and group[0] not in ATTRIBUTES]


def function_name(head):
    """Name of the function with this head, and the index of its first token:
    a macro call without a semicolon may come before."""
    found = groups(head)
    if not found or any(token.text == '=' for token in head):
        return None, 0
    first = found[-2][2] + 1 if len(found) > 1 else 0
    return found[-1][0], first


def signature(definition):
    """Types of a function in a form to compare, names of parameters left
    out: `TEE_Result (struct user_mode_ctx *, vaddr_t, size_t)`."""
    head = definition.head
    name, at, end = groups(head)[-1]
    result = [token.text for token in head[:at]]
    result = [word for word in result if word not in ('static', 'inline')
              and not word.startswith('__')]
    parameters = [[]]
    depth = 0
    for token in head[at + 2:end]:
        depth += (token.text in '([') - (token.text in ')]')
        if token.text == ',' and depth == 0:
            parameters.append([])
        else:
            parameters[-1].append(token.text)
    return '%s (%s)' % (spell(result), ', '.join(map(parameter, parameters)))


def parameter(words):
    words = [word for word in words if not word.startswith('__')]
    kinds = ('void', 'int', 'bool', '*')
    if len(words) > 1 and words[-1] not in kinds and \
            not (len(words) == 2 and words[0] == 'struct'):
        words = words[:-1]
    return spell(words)


def spell(words):
    return re.sub(r'\* (?=\*)', '*', ' '.join(words))


def fields(struct):
    """Names that a struct declares, nested ones included."""
    body = struct.body
    return {one.text for one, two in zip(body, body[1:])
            if re.match(r'[A-Za-z_]', one.text) and two.text in ';[:,)'}
