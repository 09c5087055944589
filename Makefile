# SPDX-License-Identifier: GPL-2.0
#
# Build and run Gunyah for Linux: see README.md, or "make help".
#
# The scripts of ci/ do the work. They build only what changed, in a cache
# outside of this tree.

export BASE QEMU MEM VCPUS CPUS DEBUG PAGES IMAGE INITRD DISK VIRTIO SOAK_MINUTES SOAK_SEED OUT TREE

.PHONY: help run test test-builtin test-debug test-all soak mutants bench shell check kernel hyp initramfs kunit prepare clean
.PHONY: series check-series

help:
	@echo 'make run        boot a Linux guest under the test hypervisor; with a shell'
	@echo '                in it when this is a terminal'
	@echo 'make test       run the tests'
	@echo 'make test-builtin  with the driver built in, and the count of instructions'
	@echo 'make test-debug  once more, on a kernel that looks for mistakes, with coverage'
	@echo 'make test-all   these three'
	@echo 'make soak       long tests: 1,000 lives, races, fuzzing, 16 GiB guests'
	@echo 'make mutants    make mistakes in the sources: which test finds each?'
	@echo 'make bench      count instructions of each operation, beside KVM'
	@echo 'make shell      a shell in the primary VM, with /dev/gunyah'
	@echo 'make check      static checks (quick)'
	@echo 'make series     the patches that would be posted, as mails, in OUT=DIR'
	@echo 'make check-series  apply and build them one by one, with KUnit'
	@echo 'make kunit      the KUnit tests by the kernel'"'"'s own kunit.py'
	@echo 'make kernel     build the kernel only'
	@echo 'make hyp        build the test hypervisor only'
	@echo 'make clean      remove what was built for this clone'
	@echo
	@echo 'Variables (make run MEM=512M VCPUS=2):'
	@echo '  MEM=256M      memory of the guest, 64M to 1G'
	@echo '  VCPUS=1       virtual CPUs of the guest, 1 to 8'
	@echo '  CPUS=2        CPUs of the machine, 1 to 8'
	@echo '  DEBUG=1       a kernel with KASAN, lockdep and the like'
	@echo '  PAGES=64K     a primary VM with pages of 64K, or 16K (kernel, run, shell)'
	@echo '  IMAGE=FILE    the guest'"'"'s kernel'
	@echo '  INITRD=FILE   the guest'"'"'s initramfs'
	@echo '  DISK=FILE     the guest'"'"'s disk, which it may write (default: 16 MiB'
	@echo '                that are gone in the end)'
	@echo '  VIRTIO=0      no disk, and a serial console instead of a virtio one'
	@echo '  BASE=6.12     kernel source: of this version, or a directory; with 7.x the'
	@echo '                newest of Debian'"'"'s later suites'
	@echo '  QEMU=DIR      where qemu-system-aarch64 is (default: $$PATH); with QEMU=new'
	@echo '                the newest of Debian'"'"'s later suites'
	@echo '  JOBS=N        jobs at a time of a build (default: all CPUs)'
	@echo '  SOAK_MINUTES=240  how long make soak takes, from 20 on'
	@echo '  REPEAT=1      make bench twice, and compare'
	@echo '  BUDGET=1      write ci/bench/budget.txt by what make bench finds'
	@echo '  UPDATE=1      the same, and the figures of the documentation'
	@echo '  OUT=DIR       where make series writes the mails: outside of this tree'
	@echo '  TREE=URL      where the tree is, for the cover letter'
	@echo '  SEED=N COUNT=0 LANES=2 ONLY=GLOB REQUIRED=1  for make mutants'
	@echo '  GUNYAH_CACHE  where builds live (default ~/.cache/gunyah)'

prepare:
	@ci/prepare.sh

# A guest runs the plain kernel also when the primary VM's is another.
kernel:
	@[ -z "$(DEBUG)$(PAGES)" ] || DEBUG= PAGES= ci/build-kernel.sh
	@ci/build-kernel.sh

hyp:
	@ci/build-hyp.sh

initramfs: kernel
	@ci/build-initramfs.sh

run: initramfs hyp
	@ci/boot.sh --mode run

shell: initramfs hyp
	@ci/boot.sh --mode shell

test: hyp
	@DEBUG= ci/build-kernel.sh
	@DEBUG= ci/build-initramfs.sh
	@DEBUG= ci/test.py

# What needs a kernel with the driver built in.
test-builtin: hyp
	@DEBUG= ci/build-kernel.sh
	@DEBUG= ci/build-initramfs.sh
	@DEBUG= ci/test.py --builtin

# Most of them once more on the debug kernel, and what needs that one.
test-debug: hyp
	@DEBUG= ci/build-kernel.sh
	@DEBUG= ci/build-initramfs.sh
	@DEBUG=1 ci/build-kernel.sh
	@DEBUG=1 ci/build-initramfs.sh
	@ci/test.py --debug

test-all:
	@status=0; for target in test test-builtin test-debug; do \
		$(MAKE) $$target || status=1; done; exit $$status

soak: hyp
	@DEBUG= ci/build-kernel.sh
	@DEBUG= ci/build-initramfs.sh
	@DEBUG=1 ci/build-kernel.sh
	@DEBUG=1 ci/build-initramfs.sh
	@ci/test.py --soak

mutants: hyp
	@DEBUG= ci/build-kernel.sh
	@DEBUG= ci/build-initramfs.sh
	@SEED=$(SEED) COUNT=$(COUNT) LANES=$(LANES) ONLY='$(ONLY)' REQUIRED=$(REQUIRED) ci/mutants.py

bench: hyp
	@ci/build-bench.sh
	@ci/bench.sh $(if $(REPEAT),--repeat) $(if $(UPDATE),--update) $(if $(BUDGET),--budget)

kunit:
	@ci/kunit.sh

check:
	@ci/check.sh

series:
	@ci/series.sh

check-series:
	@ci/check-series.sh

clean:
	@ci/clean.sh

# The steps share one build tree; each is parallel inside.
.NOTPARALLEL:
