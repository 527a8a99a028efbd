# SPDX-License-Identifier: GPL-2.0
#
# The module, the userspace and their tests.
#
#   make			build the module for KDIR (default: the running kernel), and
#			userspace
#   sudo make install	install both
#   make quick		what can be tested without a virtual machine, root or network,
#			in about a minute: userspace, the search, style
#   make check		everything, on all kernels; see tests/README.md
#   make check-debug	the same on a kernel with every checker on
#   make lint		style and static checks
#   make coverage		how much of the module the tests reach
#   make bench		measure
#   make demo		a demonstration in a virtual machine
#   make refresh		look for newer kernels and packages for the tests
KDIR ?= /lib/modules/$(shell uname -r)/build
PREFIX ?= /usr/local
export PREFIX

# suites that run in a virtual machine and have something to build
TESTS := $(patsubst %/Makefile,%,$(wildcard tests/selftest/Makefile tests/debug/Makefile \
	tests/import/Makefile tests/kselftest/Makefile tests/demo/Makefile tests/kdump/Makefile))

.PHONY: all modules userspace tests install demo quick check check-debug \
	coverage bench lint refresh clean

all: modules userspace

modules:
	$(MAKE) -C $(KDIR) M=$(CURDIR) modules

userspace:
	$(MAKE) -C userspace

tests: userspace
	$(MAKE) -C userspace tests
	set -e; for suite in $(TESTS); do $(MAKE) -C $$suite; done

export ARCHS CACHE KERNELS PLANS JOBS KVM PARTS QUICK

demo:
	tests/demo/run

quick:
	tests/vm/check --quick

check:
	tests/vm/check

check-debug: KERNELS = debug
check-debug: check

coverage:
	tests/coverage/report

bench:
	tests/bench/all

lint:
	tests/vm/setup
	tests/vm/lint

refresh:
	tests/vm/setup --refresh

install:
	$(MAKE) -C $(KDIR) M=$(CURDIR) $(if $(DESTDIR),INSTALL_MOD_PATH=$(DESTDIR)) \
		modules_install
	$(MAKE) -C userspace install

clean:
	$(MAKE) -C $(KDIR) M=$(CURDIR) clean
	set -e; for folder in userspace $(TESTS); do $(MAKE) -C $$folder clean; done
