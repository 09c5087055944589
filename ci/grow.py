# SPDX-License-Identifier: GPL-2.0
"""
Files that grow from patch to patch: a Makefile, a Kconfig file, or one whose lines
stand for themselves (a .kunitconfig, a list of the documentation), as it is when only
some of the files and options are there that it names. What it names is found out from
the file as it is in the end, so nothing in it is marked.

Words: a file of the series is "there" or "not there yet"; whatever belongs to
no file of the series (flags, variables, libfdt's objects) is never left out. A
comment goes with the lines that follow it up to the next comment or blank line.
"""

import os
import re

CONDITION = re.compile(r'(ifn?eq|ifn?def)\b')
OPTION = re.compile(r'\bCONFIG_(\w+)')
PROPERTY = re.compile(r'\t(depends on|default|select|imply|def_bool|def_tristate)\b')
SYMBOL = re.compile(r'(?:menu)?config (\w+)$', re.M)
ASSIGNMENT = re.compile(r'([^\t#=][^=]*?)(\s*(?:\+=|:=|\?=|=)\s*)(.*)$', re.S)
RULE = re.compile(r'([^\t#=:][^=:]*?)(:(?!=)\s*)(.*)$', re.S)
WIDTH = 96


class There:
    """What is there at one patch: names of all files and of those that are
    there, and the options that are not there yet."""

    def __init__(self, every, now, missing_options):
        self.every = set(every)
        self.now = set(now)
        self.missing_options = set(missing_options)

    def without_file(self, line):
        return any(word in self.every and word not in self.now for word in line.split())

    def without_option(self, line):
        return any(o in self.missing_options for o in OPTION.findall(line))


def options(kconfig):
    """The options that a Kconfig file defines."""
    return SYMBOL.findall(kconfig)


def grown(path, text, there):
    """The file PATH, whose final version is TEXT."""
    name = os.path.basename(path)
    if name == 'Kconfig':
        return grow_kconfig(text, there.missing_options)
    if name.startswith('Makefile'):
        return Makefile(path, text, there).grown()
    return ''.join(line for line in text.splitlines(True)
                   if not there.without_option(line) and not there.without_file(line))


def grow_kconfig(text, missing):
    parts = re.split(r'^(?=(?:menu)?config \w)', text, flags=re.M)
    kept = [parts[0]]
    for part in parts[1:]:
        if SYMBOL.match(part)[1] not in missing:
            kept.append(kconfig_entry(part, missing))
    return ''.join(kept).rstrip('\n') + '\n'


def kconfig_entry(text, missing):
    """An entry without the properties that need a missing option. A comment goes
    with the properties of one kind that follow it."""
    out, comment, kind = [], [], ''
    for line in text.splitlines(True):
        match = PROPERTY.match(line)
        if line.startswith('\t#'):
            comment.append(line)
            kind = ''
            continue
        if match and missing & set(re.findall(r'\w+', line)):
            kind = match[1]
            continue
        if not kind or (match and match[1] == kind):
            out += comment
        comment, kind = [], ''
        out.append(line)
    return ''.join(out)


class Makefile:
    def __init__(self, path, text, there):
        self.folder = os.path.dirname(path)
        self.lines = text.splitlines(True)
        self.there = there
        self.parts = {}             # of a composite object: its own objects
        for line in re.sub(r'\\\n', ' ', text).splitlines():
            match = re.match(r'(\w[\w-]*)-(?:y|objs|\$\(\w+\))\s*[+:]?=\s*(.*)', line)
            if match and match[1] != 'obj':
                self.parts.setdefault(match[1], []).extend(match[2].split())
        # Words of each variable that is nothing but a list.
        self.lists = {}
        for line in re.sub(r'\\\n', ' ', text).splitlines():
            match = re.match(r'([A-Z_]+)\s*[+:]?=\s*(.*)', line)
            if match:
                self.lists.setdefault(match[1], []).extend(words_of(match[2]))

    def missing(self, word):
        """Does the word name a file that is not there yet?"""
        prefixed = re.fullmatch(r'\$\(addprefix ([^,]*/),(.*)\)', word)
        if prefixed:
            words = words_of(prefixed[2])
            return bool(words) and all(self.missing(prefixed[1] + w) for w in words)
        word = word.removeprefix('$(OUTPUT)/')
        listed = re.fullmatch(r'\$\((\w+)\)', word)
        if listed:
            words = self.lists.get(listed[1], [])
            return bool(words) and all(self.missing(w) for w in words)
        stem, kind = os.path.splitext(word)
        if kind == '.o' and stem in self.parts:
            return all(self.missing(p) for p in self.parts[stem])
        if word.endswith('/'):
            folder = os.path.normpath(os.path.join(self.folder, word)) + '/'
            sources = {f for f in self.there.every if f.startswith(folder) and
                       f.endswith(('.c', '.S'))}
        else:
            names = {'': [word, word + '.c'], '.o': [stem + '.c', stem + '.S'],
                     '.inc': [stem + '.awk']}.get(kind, [word])
            sources = {os.path.normpath(os.path.join(self.folder, n))
                       for n in names} & self.there.every
        return bool(sources) and not sources & self.there.now

    def keep(self, words, text):
        """TEXT without the missing ones of its WORDS; None when none is left."""
        left = [w for w in words if not self.missing(w)]
        if len(left) == len(words):
            return text
        return ' '.join(left) if left else None

    def line(self, text):
        """A logical line, or None."""
        if self.there.without_option(text):
            return None
        for pattern in (RULE, ASSIGNMENT):
            match = pattern.match(text)
            if match:
                break
        else:
            return text
        left, sign, right = match.groups()
        if pattern is RULE:
            left = self.keep(words_of(left), left)
        if '=' not in right or pattern is ASSIGNMENT:
            end = '\n' if right.endswith('\n') else ''
            words = words_of(right.replace('\\\n', ' '))
            right = self.keep(words, right)
            if right is not None and not right.endswith('\n'):
                right += end
        if left is None or right is None:
            return None
        whole = left + sign + right
        return whole if whole == text else wrapped(whole)

    def grown(self):
        text = self.block(0, len(self.lines))
        text = re.sub(r'\n{3,}', '\n\n', text)
        return text.strip('\n') + '\n'

    def block(self, first, last):
        """Lines FIRST to LAST, with each comment's lines as one paragraph."""
        out, comment, had, got = [], [], False, []

        def end_of_paragraph():
            if got or not had:
                out.extend(comment + got)
            comment.clear()
            got.clear()

        number = first
        while number < last:
            line = self.lines[number]
            if line.startswith('#') or not line.strip():
                if had or not line.strip():
                    end_of_paragraph()
                    had = False
                (comment if line.startswith('#') else out).append(line)
                number += 1
                continue
            had = True
            number, text = self.one(number)
            if text is not None:
                got.append(text)
        end_of_paragraph()
        return ''.join(out)

    def one(self, number):
        """A condition with all that is in it, or a line with its recipe: the
        number of the line behind, and what is left of it or None."""
        if CONDITION.match(self.lines[number]):
            end = self.end_of(number)
            inner = self.block(number + 1, end)
            gone = self.there.without_option(self.lines[number]) or not inner.strip()
            return end + 1, None if gone else (
                self.lines[number] + inner + self.lines[end])
        end = number + 1
        while self.lines[end - 1].endswith('\\\n'):
            end += 1
        text = self.line(''.join(self.lines[number:end]))
        start = end
        while end < len(self.lines) and self.lines[end].startswith('\t'):
            end += 1
        if text is not None:
            text += ''.join(self.lines[start:end])
        return end, text

    def end_of(self, number):
        depth = 0
        for end in range(number, len(self.lines)):
            if CONDITION.match(self.lines[end]):
                depth += 1
            elif self.lines[end].startswith('else') and depth == 1:
                raise ValueError(f'{self.folder}/Makefile:{end + 1}: '
                                 'a file that grows has no else')
            elif self.lines[end].startswith('endif'):
                depth -= 1
                if not depth:
                    return end
        raise ValueError(f'{self.folder}/Makefile:{number + 1}: no endif')


def words_of(text):
    """Words of a Makefile's line; a call of a function is one."""
    return re.findall(r'(?:\$\([^()]*(?:\([^()]*\)[^()]*)*\)|\S)+', text)


def wrapped(line):
    """A line that got shorter, on one line or on several."""
    words = line.rstrip('\n').split(' ')
    out, length = '', 0
    for word in words:
        if out and length + len(word) > WIDTH:
            out += ' \\\n\t'
            length = 8
        elif out:
            out += ' '
        out += word
        length += len(word) + 1
    return out + '\n'
