# SPDX-License-Identifier: GPL-2.0
KDIR ?= /lib/modules/$(shell uname -r)/build
PREFIX ?= /usr/local
export PREFIX

# suites that run in a virtual machine and have something to build
TESTS := $(patsubst %/Makefile,%,$(wildcard tests/selftest/Makefile tests/debug/Makefile \
	tests/import/Makefile tests/kselftest/Makefile tests/demo/Makefile tests/kdump/Makefile))

.PHONY: all modules userspace tests install demo check check-debug coverage bench lint refresh clean

all: modules userspace

modules:
	$(MAKE) -C $(KDIR) M=$(CURDIR) modules

userspace:
	$(MAKE) -C userspace

tests: userspace
	$(MAKE) -C userspace tests
	set -e; for suite in $(TESTS); do $(MAKE) -C $$suite; done

export CACHE KERNELS PLANS JOBS KVM PARTS QUICK

demo:
	tests/demo/run

check:
	tests/vm/check

# the same on a kernel with every checker on
check-debug: KERNELS = debug
check-debug: check

# how much of the module all that reaches
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
