// SPDX-License-Identifier: GPL-2.0
/*
 * Lets a virtual machine hibernate whose root is a 9p share: the driver of those
 * devices cannot have them reset, as the bus does with each that hibernates. They stay as
 * they are, which is right if the same QEMU resumes. Tests only, x86 only.
 */
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/virtio_ids.h>

/* PCI device ids of virtio devices are these, plus the kind: old ones and new ones. */
#define ID_OLD	0x1000
#define ID_NEW	0x1040

static int do_nothing(struct device *dev)
{
	return 0;
}

static int skip_9p(struct kprobe *p, struct pt_regs *regs)
{
	struct device *dev = (struct device *)regs_get_kernel_argument(regs, 0);
	unsigned int id = to_pci_dev(dev)->device;

	if (id != ID_OLD + VIRTIO_ID_9P && id != ID_NEW + VIRTIO_ID_9P)
		return 0;
	instruction_pointer_set(regs, (unsigned long)do_nothing);
	return 1;
}

/* That there is one says that the instruction pointer may change. */
static void after(struct kprobe *p, struct pt_regs *regs, unsigned long flags)
{
}

static struct kprobe probes[] = {
	{
		.symbol_name = "virtio_pci_freeze",
		.pre_handler = skip_9p,
		.post_handler = after,
	}, {
		.symbol_name = "virtio_pci_restore",
		.pre_handler = skip_9p,
		.post_handler = after,
	},
};

static int __init awake_init(void)
{
	int err;

	err = register_kprobe(&probes[0]);
	if (err)
		return err;
	err = register_kprobe(&probes[1]);
	if (err)
		unregister_kprobe(&probes[0]);
	return err;
}

static void __exit awake_exit(void)
{
	unregister_kprobe(&probes[1]);
	unregister_kprobe(&probes[0]);
}

module_init(awake_init);
module_exit(awake_exit);

MODULE_DESCRIPTION("hibernation with 9p devices for the tests of lazy_contig");
MODULE_LICENSE("GPL");
