# SPDX-License-Identifier: GPL-2.0
#
# The module, the userspace and their tests.
#
#   make			build the module for KDIR (default: the running kernel), and
#			userspace
#   sudo make install	install both; also install-module, install-userspace
#   sudo make uninstall	remove them
#   sudo make install-dkms
#			install the module's source for DKMS, which builds it for each
#			kernel that is installed; also uninstall-dkms
#   make deb		build Debian packages
#   make quick		what can be tested without a virtual machine, root or network,
#			in about a minute: userspace, the search, style
#   make check		everything, on all kernels; see tests/README.md
#   make check-debug	the same on a kernel with every checker on
#   make lint		style and static checks
#   make coverage		how much of the module the tests reach
#   make check-packages	installation from source and from packages, on Debian's releases
#   make bench		measure
#   make demo		a demonstration in a virtual machine
#   make refresh		look for newer kernels and packages for the tests
#
# DESTDIR, PREFIX, ARCH, CROSS_COMPILE, LLVM and CC are as in the kernel's build and in GNU's
# conventions; WERROR= has warnings of the userspace not be errors.
KDIR ?= /lib/modules/$(shell uname -r)/build
PREFIX ?= /usr/local
export PREFIX

VERSION = $(shell sed -n 's/^MODULE_VERSION("\(.*\)");/\1/p' heap/module.c)

# A kernel that clang has built takes modules built by clang.
KCONFIG := $(KDIR)/include/config/auto.conf
KBUILD = $(MAKE) -C $(KDIR) M=$(CURDIR) \
	$(if $(LLVM),,$(if $(shell grep -s '^CONFIG_CC_IS_CLANG=y' $(KCONFIG)),LLVM=1))
# kernel.release is without the distribution's part on Debian 12
RELEASE = $(shell awk -F '"' '/UTS_RELEASE/ { print $$2 }' $(KDIR)/include/generated/utsrelease.h)

# Packages of headers lack the key that CONFIG_MODULE_SIG_ALL would sign with.
SIG_KEY = $(shell sed -n 's/^CONFIG_MODULE_SIG_KEY="*\([^"]*\)"*$$/\1/p' $(KCONFIG))
NO_KEY = $(if $(SIG_KEY),$(if $(wildcard $(SIG_KEY) $(KDIR)/$(SIG_KEY)),,CONFIG_MODULE_SIG_ALL=))

# Where modules_install puts modules from outside of the kernel's source.
MODULE_FILES = $(wildcard $(foreach dir,updates extra,$(foreach name,lazy_contig lazy_contig_kdump,\
	$(DESTDIR)/lib/modules/*/$(dir)/$(name).ko $(DESTDIR)/lib/modules/*/$(dir)/$(name).ko.*)))
# not in the PATH of every root
DEPMOD := PATH="$$PATH:/usr/sbin:/sbin" depmod
DKMS_SOURCE = $(DESTDIR)/usr/src/lazy_contig-$(VERSION)

# suites that run in a virtual machine and have something to build
TESTS := $(patsubst %/Makefile,%,$(wildcard tests/selftest/Makefile tests/debug/Makefile \
	tests/import/Makefile tests/kselftest/Makefile tests/demo/Makefile tests/kdump/Makefile \
	tests/bench/age/Makefile))

.PHONY: all need-kernel modules userspace tests install install-module \
	install-userspace install-dkms uninstall uninstall-module uninstall-userspace \
	uninstall-dkms deb demo quick check check-debug check-packages coverage bench lint \
	refresh clean

# Whatever is missing is said before anything is built.
all: need-kernel
	$(MAKE) -C userspace need
	$(MAKE) modules
	$(MAKE) userspace

need-kernel:
	@for file in Makefile include/config/auto.conf Module.symvers; do \
		[ -e $(KDIR)/$$file ] || { \
		echo "lazy_contig: there is no $(KDIR)/$$file." >&2; \
		echo "Install the package with the headers of that kernel" \
			"(Debian, Ubuntu: linux-headers-$$(uname -r))," >&2; \
		echo "or set KDIR to the headers or the build folder of another kernel." >&2; \
		exit 1; }; \
	done
	@grep -q '^CONFIG_CONTIG_ALLOC=y' $(KCONFIG) || { \
		echo "lazy_contig: the kernel of $(KDIR) lacks CONFIG_CONTIG_ALLOC" >&2; exit 1; }
	@for tool in xz zstd; do \
		option=CONFIG_MODULE_COMPRESS_$$(echo $$tool | tr a-z A-Z); \
		! grep -q "^$$option=y" $(KCONFIG) || command -v $$tool >/dev/null || { \
		echo "lazy_contig: there is no $$tool, which modules of that kernel are" \
			"compressed with" >&2; exit 1; }; \
	done

modules: need-kernel
	$(KBUILD) modules

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

check-packages:
	tests/packages/check

deb:
	userspace/packaging/build

install: install-module install-userspace

# The kernel's own rule runs depmod only where it finds a System.map.
install-module: modules
	$(KBUILD) $(if $(DESTDIR),INSTALL_MOD_PATH=$(DESTDIR)) $(NO_KEY) modules_install
	@if [ -z '$(DESTDIR)' ]; then \
		echo '  DEPMOD  $(RELEASE)'; \
		$(DEPMOD) $(RELEASE); \
	elif [ -e $(DESTDIR)/lib/modules/$(RELEASE)/modules.order ]; then \
		$(DEPMOD) -b $(DESTDIR) $(RELEASE); \
	else \
		echo "$(DESTDIR) lacks the kernel's own modules: run 'depmod $(RELEASE)'" \
			"on the machine where they are"; \
	fi

install-userspace:
	$(MAKE) -C userspace install

# What DKMS has built of this version before would stay.
install-dkms:
	[ -n '$(DESTDIR)' ] || $(MAKE) uninstall-dkms
	install -d $(DKMS_SOURCE)
	cp -R --parents COPYING Kbuild $$(find heap uapi -name '*.[ch]') $(DKMS_SOURCE)
	sed 's/#MODULE_VERSION#/$(VERSION)/' userspace/packaging/dkms.conf \
		>$(DKMS_SOURCE)/dkms.conf
	[ -n '$(DESTDIR)' ] || dkms install lazy_contig/$(VERSION)

uninstall: uninstall-module uninstall-userspace

# For every kernel: what was installed for one that is gone stays behind otherwise.
uninstall-module:
	set -e; for file in $(MODULE_FILES); do \
		rm "$$file"; \
		rmdir "$${file%/*}" 2>/dev/null || :; \
		release=$${file#$(DESTDIR)/lib/modules/}; release=$${release%%/*}; \
		[ ! -e $(DESTDIR)/lib/modules/$$release/modules.dep ] || \
			$(DEPMOD) $(if $(DESTDIR),-b $(DESTDIR)) $$release; \
	done

uninstall-userspace:
	$(MAKE) -C userspace uninstall

# Every version: DKMS would build all that it knows for the next kernel.
uninstall-dkms:
	set -e; for source in $(DESTDIR)/usr/src/lazy_contig-*; do \
		version=$${source##*/lazy_contig-}; \
		[ ! -e $(DESTDIR)/var/lib/dkms/lazy_contig/$$version ] || \
			dkms remove lazy_contig/$$version --all; \
		rm -rf "$$source"; \
	done

clean:
	[ ! -e $(KDIR)/Makefile ] || $(KBUILD) clean
	set -e; for folder in userspace $(TESTS); do $(MAKE) -C $$folder clean; done
