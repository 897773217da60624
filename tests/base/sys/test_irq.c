#include <criterion/criterion.h>

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/core/err.h"
#include "base/sys/irq.h"
#include "base/sys/tree.h"
#include "tests/energy/fixture.h"

#define VDA "sys/devices/pci0000:00/0000:00:02.0/virtio1/block/vda"
#define NVME "sys/devices/pci0000:40/0000:41:00.0/nvme/nvme0/nvme0n1"

static void tree_link(const char *root, const char *path, const char *to)
{
	char *full = NULL;
	cr_assert(asprintf(&full, "%s/%s", root, path) > 0);
	for (char *p = full + strlen(root) + 1; (p = strchr(p, '/')) != NULL; p++) {
		*p = '\0';
		(void)mkdir(full, 0755);
		*p = '/';
	}
	cr_assert_eq(symlink(to, full), 0, "%s", full);
	free(full);
}

static void tree_irq(const char *root, int irq, const char *effective, const char *asked)
{
	char path[64];
	(void)snprintf(path, sizeof(path), "proc/irq/%d/smp_affinity_list", irq);
	tree_put(root, path, "%s\n", asked);
	(void)snprintf(path, sizeof(path), "proc/irq/%d/effective_affinity_list", irq);
	if (effective)
		tree_put(root, path, "%s\n", effective);
}

static void expect_cpus(const char *root, unsigned major, unsigned minor, const char *want)
{
	struct mw_cpulist l;
	char why[200] = "", got[200] = "";
	int fd = mw_tree_open(root);
	cr_assert_geq(fd, 0);
	cr_expect_eq(mw_irq_cpus(fd, major, minor, &l, why, sizeof(why)), 0, "%s", why);
	(void)mw_cpulist_format(&l, got, sizeof(got));
	cr_expect_str_eq(got, want, "%u:%u", major, minor);
	(void)close(fd);
}

static void expect_unknown(const char *root, unsigned major, unsigned minor, const char *word)
{
	struct mw_cpulist l;
	char why[200] = "";
	int fd = mw_tree_open(root);
	cr_assert_geq(fd, 0);
	cr_expect_eq(mw_irq_cpus(fd, major, minor, &l, why, sizeof(why)), MW_EUNAVAILABLE);
	cr_expect(strstr(why, word), "'%s' lacks '%s'", why, word);
	(void)close(fd);
}

/* A guest with one queue: two vectors, of which one is for configuration only. */
static void put_virtio(const char *root)
{
	tree_put(root, "proc/interrupts",
		 "           CPU0       CPU1\n"
		 " 34:         12          0 PCI-MSIX-0000:00:03.0   0-edge      virtio2-config\n"
		 " 35:          0          1 PCI-MSIX-0000:00:02.0   0-edge      virtio1-config\n"
		 " 36:          0    9001482 PCI-MSIX-0000:00:02.0   1-edge      virtio1-req.0\n"
		 "NMI:          0          0   Non-maskable interrupts\n");
	tree_irq(root, 35, "0", "0-1");
	tree_irq(root, 36, "1", "0-1");
	tree_put(root, "sys/devices/pci0000:00/0000:00:02.0/msi_irqs/35", "msix\n");
	tree_put(root, "sys/devices/pci0000:00/0000:00:02.0/msi_irqs/36", "msix\n");
	tree_put(root, "sys/devices/pci0000:00/0000:00:02.0/irq", "11\n");
	tree_put(root, VDA "/mq/0/cpu_list", "0, 1\n");
	tree_put(root, VDA "/vda1/partition", "1\n");
	tree_link(root, "sys/dev/block/254:0", "../../devices/pci0000:00/0000:00:02.0/virtio1/block/vda");
	tree_link(root, "sys/dev/block/254:1", "../../devices/pci0000:00/0000:00:02.0/virtio1/block/vda/vda1");
}

Test(irq, one_queue_of_a_guest_and_what_is_stacked_on_it)
{
	const char *root = tree_make();
	put_virtio(root);
	expect_cpus(root, 254, 0, "1");
	expect_cpus(root, 254, 1, "1");
	/* A logical volume on the partition, and one on two disks. */
	tree_put(root, "sys/devices/virtual/block/dm-0/size", "1\n");
	tree_link(root, "sys/devices/virtual/block/dm-0/slaves/vda1",
		  "../../../../pci0000:00/0000:00:02.0/virtio1/block/vda/vda1");
	tree_link(root, "sys/dev/block/253:0", "../../devices/virtual/block/dm-0");
	expect_cpus(root, 253, 0, "1");
	tree_link(root, "sys/devices/virtual/block/dm-0/slaves/vdb", "nowhere");
	expect_unknown(root, 253, 0, "2 disks");
	/* No block device, and one without interrupts. */
	expect_unknown(root, 0, 45, "no block device");
	tree_put(root, "sys/devices/virtual/block/loop0/size", "1\n");
	tree_link(root, "sys/dev/block/7:0", "../../devices/virtual/block/loop0");
	expect_unknown(root, 7, 0, "no interrupt");
	tree_remove(root);
}

/* A server: each queue has its CPUs and its vector; the admin queue's is on CPU 0. */
static void put_nvme(const char *root)
{
	tree_put(root, "proc/interrupts",
		 "      CPU0 CPU1 CPU2 CPU3\n"
		 " 50:    9    0    0    0 IR-PCI-MSIX-0000:41:00.0    0-edge      nvme0q0\n"
		 " 51:    0    7    0    0 IR-PCI-MSIX-0000:41:00.0    1-edge      nvme0q1\n"
		 " 152:   0    0    0    7 IR-PCI-MSIX-0000:41:00.0    2-edge      nvme0q2\n");
	tree_irq(root, 50, "0", "0-3");
	tree_irq(root, 51, "1", "0-1");
	tree_irq(root, 152, "3", "2-3");
	for (int irq = 50; irq <= 153; irq += irq == 51 ? 101 : 1) {
		char path[96];
		(void)snprintf(path, sizeof(path), "sys/devices/pci0000:40/0000:41:00.0/msi_irqs/%d", irq);
		tree_put(root, path, "msix\n"); /* 153 was allotted and is not in use */
	}
}

Test(irq, queues_of_a_server)
{
	const char *root = tree_make();
	put_nvme(root);
	tree_put(root, NVME "/mq/0/cpu_list", "0, 1\n");
	tree_put(root, NVME "/mq/1/cpu_list", "2, 3\n");
	tree_link(root, "sys/dev/block/259:0", "../../devices/pci0000:40/0000:41:00.0/nvme/nvme0/nvme0n1");
	expect_cpus(root, 259, 0, "1,3");
	/* Queue 1 takes the requests of CPU 2 only: what CPU 3 handles are interrupts of others. */
	tree_put(root, NVME "/mq/1/cpu_list", "2\n");
	tree_put(root, NVME "/mq/0/cpu_list", "0, 1, 3\n");
	expect_cpus(root, 259, 0, "1");
	/* More queues than vectors: which is whose is not known. */
	tree_put(root, NVME "/mq/2/cpu_list", "3\n");
	expect_cpus(root, 259, 0, "1,3");
	/* Kernels without effective affinity: what was asked for. */
	tree_put(root, "proc/irq/51/effective_affinity_list", "\n");
	expect_cpus(root, 259, 0, "0-1,3");
	tree_remove(root);
}

Test(irq, multipath_with_one_path)
{
	const char *root = tree_make();
	put_nvme(root);
	tree_put(root, "sys/devices/pci0000:40/0000:41:00.0/nvme/nvme0/state", "live\n");
	tree_put(root, "sys/devices/virtual/nvme-subsystem/nvme-subsys0/nvme0n1/size", "1\n");
	tree_link(root, "sys/devices/virtual/nvme-subsystem/nvme-subsys0/nvme0",
		  "../../../pci0000:40/0000:41:00.0/nvme/nvme0");
	tree_link(root, "sys/dev/block/259:0", "../../devices/virtual/nvme-subsystem/nvme-subsys0/nvme0n1");
	expect_cpus(root, 259, 0, "1,3");
	tree_link(root, "sys/devices/virtual/nvme-subsystem/nvme-subsys0/nvme1", "nowhere");
	expect_unknown(root, 259, 0, "no interrupt");
	tree_remove(root);
}

Test(irq, one_line_without_vectors)
{
	const char *root = tree_make();
	tree_put(root, "proc/interrupts", "   CPU0\n 14:   5   IO-APIC  14-edge   ata_piix\n");
	tree_irq(root, 14, "0", "0-7");
	tree_put(root, "sys/devices/pci0000:00/0000:00:01.1/irq", "14\n");
	tree_put(root, "sys/devices/pci0000:00/0000:00:01.1/ata1/host0/target0:0:0/0:0:0:0/block/sda/size", "1\n");
	tree_link(root, "sys/dev/block/8:0",
		  "../../devices/pci0000:00/0000:00:01.1/ata1/host0/target0:0:0/0:0:0:0/block/sda");
	expect_cpus(root, 8, 0, "0");
	tree_put(root, "proc/irq/14/effective_affinity_list", "\n");
	tree_put(root, "proc/irq/14/smp_affinity_list", "\n");
	expect_unknown(root, 8, 0, "does not say which CPUs");
	tree_remove(root);
}
