# SPDX-License-Identifier: GPL-2.0
"""
A lane: a private copy of the clone and of what was built for it, in which one
mutation at a time is made, built and tested.

Invariants:
- The clone that a lane was copied from, and its builds, are only read.
- Between two mutations a lane is as it was copied.

Only what a mutation changes is built: its object, by the command that the
kernel's build recorded for it, and the module that holds it; or the kernel,
where the object is built in; or the hypervisor, which needs no kernel.
"""

import glob
import os
import re
import shutil
import subprocess

import boot

CI = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
HYP = 'tools/testing/gunyah/hyp/'


class Refused(Exception):
    """The mutation does not compile, or makes no difference to the code."""


class Asserted(Exception):
    """A static assertion caught the mutation."""


def places(top, env):
    """The environment that ci/lib.sh of a clone makes."""
    done = subprocess.run(['bash', '-c', '. "$0/ci/lib.sh"; env -0', top], env=env,
                          stdout=subprocess.PIPE, check=True)
    return dict(word.split('=', 1) for word in
                done.stdout.decode().rstrip('\0').split('\0'))


def tree_files(top):
    """The files of a clone that git knows or would add, or all of them."""
    git = ['git', '-C', top, 'ls-files', '-z', '-co', '--exclude-standard']
    done = subprocess.run(git, capture_output=True, check=False)
    if done.returncode:
        done = subprocess.run(['find', '.', '-type', 'f', '-printf', r'%P\0'], cwd=top,
                              capture_output=True, check=True)
    names = done.stdout.decode().rstrip('\0').split('\0')
    return sorted(n for n in set(names) if os.path.isfile(os.path.join(top, n)))


def write(path, text):
    """Never in place: the file may be a hard link."""
    with open(path + '.new', 'w', encoding='utf-8') as file:
        file.write(text)
    os.replace(path + '.new', path)


def bare_object(path):
    """An object without what only debuggers read."""
    subprocess.run(['aarch64-linux-gnu-objcopy', '--strip-debug', path, path + '.bare'],
                   check=True)
    with open(path + '.bare', 'rb') as file:
        return file.read()


class Lane:
    """
    number: from 0; home: its folder; env: what programs of the lane run with.
    Used by one thread.
    """

    def __init__(self, number, base):
        self.number = number
        self.base = base
        self.home = os.path.join(base['WORK'], 'mutants', f'lane-{number}')
        self.top = os.path.join(self.home, 'clone')
        self.env = None
        self.archive = None
        self.touched = None     # (path, its text) while there is a mutation
        self.linked = False     # ... and it got as far as what boots

    def create(self):
        """Copy the clone and its builds. The caller holds the clone's lock."""
        base, cache = self.base, os.path.join(self.home, 'cache')
        shutil.rmtree(self.home, ignore_errors=True)
        os.makedirs(cache)
        for name in tree_files(base['TOP']):
            target = os.path.join(self.top, name)
            os.makedirs(os.path.dirname(target), exist_ok=True)
            shutil.copy2(os.path.join(base['TOP'], name), target)
        for name in glob.glob(os.path.join(base['CACHE'], 'linux-source-*')):
            os.symlink(name, os.path.join(cache, os.path.basename(name)))
        env = {k: v for k, v in base.items() if k not in ('WORK', 'TOP', 'CI', 'CCACHE_BASEDIR')}
        env.update(GUNYAH_CACHE=cache, JOBS='1', IMAGE=base['GUEST_IMAGE'], DEBUG='')
        self.env = places(self.top, env)
        for what, how in (('KSRC', '-al'), ('KOUT', '-a'), ('HYPOUT', '-a'), ('INITRAMFS', '-a')):
            subprocess.run(['cp', how, base[what], self.env[what]], check=True)
        for name in os.listdir(base['WORK']):
            if name.startswith(('overlay-', 'patches-')):
                subprocess.run(['cp', '-a', os.path.join(base['WORK'], name),
                                self.env['WORK']], check=True)
        self.relocate()
        self.archive = os.path.join(self.env['INITRAMFS'], f'primary-{self.env["FLAVOUR"]}.cpio')
        os.replace(self.archive, self.archive + '.base')
        os.link(self.archive + '.base', self.archive)

    def relocate(self):
        """What the builds noted of commands and dependencies names the clone's
        work folder: let it name the lane's, or all would be built again."""
        old, new = self.base['WORK'].encode(), self.env['WORK'].encode()
        for folder in (self.env['KOUT'], self.env['HYPOUT']):
            for here, _, names in os.walk(folder):
                for name in names:
                    path = os.path.join(here, name)
                    if not name.endswith(('.cmd', '.d')) and name != 'Makefile':
                        continue
                    with open(path, 'rb') as file:
                        text = file.read()
                    if old not in text:
                        continue
                    when = os.stat(path)
                    with open(path, 'wb') as file:
                        file.write(text.replace(old, new))
                    os.utime(path, ns=(when.st_atime_ns, when.st_mtime_ns))
        source = os.path.join(self.env['KOUT'], 'source')
        if os.path.islink(source):
            os.remove(source)
            os.symlink(self.env['KSRC'], source)

    # ---- building ----

    def command(self, words, cwd=None):
        """Run a build's command; what it said when it failed."""
        done = subprocess.run(words, cwd=cwd or self.home, env=self.env, text=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, errors='replace', check=False)
        return done.stdout if done.returncode else None

    def recorded(self, path):
        """Run again the command that made a file of the kernel's build."""
        folder, name = os.path.split(path)
        note = os.path.join(self.env['KOUT'], folder, f'.{name}.cmd')
        with open(note, encoding='utf-8') as file:
            text = file.readline().split(' := ', 1)[1]
        text = text.replace('$(pound)', '#').replace('$$', '$')
        return self.command(['bash', '-c', text], self.env['KOUT'])

    def kmake(self, *targets):
        return self.command(['bash', '-c', '. "$0/ci/lib.sh"; kmake "$@"', self.top, *targets])

    def hmake(self, *targets):
        env = self.env
        return self.command(['make', '-C', os.path.join(env['KSRC'], HYP), f'O={env["HYPOUT"]}',
                             f'KSRC={env["KSRC"]}', f'CROSS_COMPILE={env["CROSS"]}',
                             f'CC=ccache {env["CROSS"]}gcc', *targets])

    def module_of(self, path):
        """The module that an object is linked into, or None: it is built in."""
        folder = os.path.dirname(path)
        for note in glob.glob(os.path.join(self.env['KOUT'], folder, '*.mod')):
            with open(note, encoding='utf-8') as file:
                if path in file.read().split():
                    return os.path.join(folder, os.path.basename(note)[:-len('.mod')])
        return None

    def includers(self, name):
        """The objects of tests that have the text of an object's source in them."""
        folder = os.path.join(os.path.dirname(name), 'tests')
        line = f'#include "../{os.path.basename(name)[:-len(".o")]}.c"\n'
        found = []
        for path in sorted(glob.glob(os.path.join(self.env['KSRC'], folder, '*.c'))):
            with open(path, encoding='utf-8') as file:
                if line in file.read():
                    found.append(os.path.join(folder, os.path.basename(path)[:-len('.c')] + '.o'))
        return found

    def compile(self, mutation):
        """Make the object; Refused or Asserted when that is the end of it."""
        name = re.sub(r'\.c$', '.o', mutation.file)
        if name.startswith(HYP):
            path = os.path.join(self.env['HYPOUT'], name[len(HYP):])
            was = bare_object(path)
            said = self.hmake(path)
        else:
            path = os.path.join(self.env['KOUT'], name)
            was = bare_object(path)
            said = self.recorded(name)
        if said and 'static assertion failed' in said:
            raise Asserted(re.search(r'static assertion failed.*', said)[0])
        if said:
            raise Refused('does not compile')
        if bare_object(path) == was:
            raise Refused('compiles to the same code')
        return name

    def make_modules(self, name, module):
        """Those that the object is in, once its own is made; what was said."""
        said = self.recorded(module + '.o') or self.recorded(module + '.ko')
        for other in self.includers(name):
            said = said or self.recorded(other)
            module = self.module_of(other)
            if other != module + '.o':
                said = said or self.recorded(module + '.o')
            said = said or self.recorded(module + '.ko')
        return said

    def link(self, name):
        """Make what boots out of the new object; None, or what was said."""
        if name.startswith(HYP):
            return self.hmake()
        module = self.module_of(name)
        if not module:
            return self.kmake('Image')
        said = self.make_modules(name, module)
        if not said:
            self.pack([module, *[self.module_of(other) for other in self.includers(name)]])
        return said

    def pack(self, modules):
        """Put modules behind the archive, where they replace those in it."""
        with open(self.archive + '.base', 'rb') as file:
            data = file.read()
        entries = b''
        for module in modules:
            name = module + '.ko'
            found = re.search(rb'lib/modules/[^/\0]+/kernel/' + name.encode(), data)
            with open(os.path.join(self.env['KOUT'], name), 'rb') as file:
                entries += boot.cpio_entry(found[0].decode(), 0o100644, file.read())
        with open(self.archive + '.new', 'wb') as file:
            file.write(data + entries + boot.cpio_entry('TRAILER!!!', 0))
        os.replace(self.archive + '.new', self.archive)

    def source(self, path):
        return os.path.join(self.env['KSRC'], path)

    def apply(self, mutation):
        """Make and build one mutation; raises Refused or Asserted."""
        with open(self.source(mutation.file), encoding='utf-8') as file:
            text = file.read()
        lines = text.split('\n')
        assert lines[mutation.line - 1] == mutation.old
        lines[mutation.line - 1] = mutation.new
        self.touched = mutation.file, text
        write(self.source(mutation.file), '\n'.join(lines))
        name = self.compile(mutation)
        self.linked = True
        said = self.link(name)
        if said:
            raise Refused('does not link')

    def restore(self):
        """Undo the mutation, and its object: the next one compares with it."""
        if not self.touched:
            return
        path, text = self.touched
        write(self.source(path), text)
        name = re.sub(r'\.c$', '.o', path)
        if name.startswith(HYP):
            said = self.hmake()
        else:
            said = self.recorded(name)
            module = self.module_of(name)
            if module:
                said = said or self.make_modules(name, module)
            elif self.linked:
                said = said or self.kmake('Image')
        if said:
            raise RuntimeError(f'{path} does not build any more:\n{said}')
        os.remove(self.archive)
        os.link(self.archive + '.base', self.archive)
        self.touched = None
        self.linked = False
