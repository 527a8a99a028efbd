// SPDX-License-Identifier: GPL-2.0
/*
 * Vulkan, drawn by Mesa's lavapipe: buffers of lazy_contig as device memory, which the
 * device copies from one to the other.
 */
#include <vulkan/vulkan.h>

#include "helpers.h"

#define LEN	MIB(1)
#define DRIVER	"/usr/share/vulkan/icd.d/lvp_icd.json"

static VkDevice device;
static VkPhysicalDevice physical;
static VkQueue queue;

static void must(VkResult result, const char *what)
{
	if (result)
		bail("%s: VkResult %d", what, result);
}

static bool has_extension(const char *name)
{
	VkExtensionProperties all[512];
	uint32_t count = ARRAY_SIZE(all), i;

	must(vkEnumerateDeviceExtensionProperties(physical, NULL, &count, all), "extensions");
	for (i = 0; i < count; i++)
		if (!strcmp(all[i].extensionName, name))
			return true;
	return false;
}

/* The first device of the only driver; false if it has not what is needed. */
static bool device_init(VkInstance instance)
{
	static const char *const extensions[] = {
		VK_KHR_EXTERNAL_MEMORY_FD_EXTENSION_NAME,
		VK_EXT_EXTERNAL_MEMORY_DMA_BUF_EXTENSION_NAME,
	};
	const float priority = 1;
	const VkDeviceQueueCreateInfo queues = {
		.sType = VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO,
		.queueCount = 1,
		.pQueuePriorities = &priority,
	};
	const VkDeviceCreateInfo info = {
		.sType = VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO,
		.queueCreateInfoCount = 1,
		.pQueueCreateInfos = &queues,
		.enabledExtensionCount = ARRAY_SIZE(extensions),
		.ppEnabledExtensionNames = extensions,
	};
	VkPhysicalDeviceProperties properties;
	uint32_t count = 1;
	size_t i;

	if (vkEnumeratePhysicalDevices(instance, &count, &physical) < 0 || !count)
		bail("Vulkan has no device");
	vkGetPhysicalDeviceProperties(physical, &properties);
	diag("%s", properties.deviceName);
	for (i = 0; i < ARRAY_SIZE(extensions); i++) {
		if (has_extension(extensions[i]))
			continue;
		skip("Vulkan: %s has no %s", properties.deviceName, extensions[i]);
		return false;
	}
	must(vkCreateDevice(physical, &info, NULL, &device), "vkCreateDevice");
	vkGetDeviceQueue(device, 0, 0, &queue);
	return true;
}

static uint32_t memory_type(int buf)
{
	const PFN_vkGetMemoryFdPropertiesKHR get =
		(PFN_vkGetMemoryFdPropertiesKHR)vkGetDeviceProcAddr(device,
								    "vkGetMemoryFdPropertiesKHR");
	VkMemoryFdPropertiesKHR properties = {
		.sType = VK_STRUCTURE_TYPE_MEMORY_FD_PROPERTIES_KHR,
	};

	must(get(device, VK_EXTERNAL_MEMORY_HANDLE_TYPE_DMA_BUF_BIT_EXT, buf, &properties),
	     "vkGetMemoryFdPropertiesKHR");
	if (!properties.memoryTypeBits)
		bail("no type of memory can be a dma-buf");
	return __builtin_ctz(properties.memoryTypeBits);
}

/* Device memory that is the dma-buf; the driver takes a duplicate of it. */
static VkDeviceMemory import(int buf)
{
	const VkImportMemoryFdInfoKHR fd = {
		.sType = VK_STRUCTURE_TYPE_IMPORT_MEMORY_FD_INFO_KHR,
		.handleType = VK_EXTERNAL_MEMORY_HANDLE_TYPE_DMA_BUF_BIT_EXT,
		.fd = dup(buf),
	};
	const VkMemoryAllocateInfo info = {
		.sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO,
		.pNext = &fd,
		.allocationSize = LEN,
		.memoryTypeIndex = memory_type(buf),
	};
	VkDeviceMemory memory = VK_NULL_HANDLE;

	is(vkAllocateMemory(device, &info, NULL, &memory), VK_SUCCESS, "a dma-buf is imported");
	return memory;
}

static VkBuffer buffer_in(VkDeviceMemory memory)
{
	const VkExternalMemoryBufferCreateInfo external = {
		.sType = VK_STRUCTURE_TYPE_EXTERNAL_MEMORY_BUFFER_CREATE_INFO,
		.handleTypes = VK_EXTERNAL_MEMORY_HANDLE_TYPE_DMA_BUF_BIT_EXT,
	};
	const VkBufferCreateInfo info = {
		.sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO,
		.pNext = &external,
		.size = LEN,
		.usage = VK_BUFFER_USAGE_TRANSFER_SRC_BIT | VK_BUFFER_USAGE_TRANSFER_DST_BIT,
	};
	VkBuffer buffer;

	must(vkCreateBuffer(device, &info, NULL, &buffer), "vkCreateBuffer");
	must(vkBindBufferMemory(device, buffer, memory, 0), "vkBindBufferMemory");
	return buffer;
}

/* Has the device copy all of it, and waits. */
static void copy(VkBuffer from, VkBuffer to)
{
	const VkCommandPoolCreateInfo pool_info = {
		.sType = VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO,
	};
	VkCommandBufferAllocateInfo commands_info = {
		.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO,
		.commandBufferCount = 1,
	};
	const VkCommandBufferBeginInfo begin = {
		.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO,
	};
	const VkBufferCopy all = { .size = LEN };
	VkCommandBuffer commands;
	const VkSubmitInfo submit = {
		.sType = VK_STRUCTURE_TYPE_SUBMIT_INFO,
		.commandBufferCount = 1,
		.pCommandBuffers = &commands,
	};
	VkCommandPool pool;

	must(vkCreateCommandPool(device, &pool_info, NULL, &pool), "vkCreateCommandPool");
	commands_info.commandPool = pool;
	must(vkAllocateCommandBuffers(device, &commands_info, &commands), "command buffer");
	must(vkBeginCommandBuffer(commands, &begin), "begin");
	vkCmdCopyBuffer(commands, from, to, 1, &all);
	must(vkEndCommandBuffer(commands), "end");
	is(vkQueueSubmit(queue, 1, &submit, VK_NULL_HANDLE), VK_SUCCESS, "the device copies");
	must(vkQueueWaitIdle(queue), "wait");
	vkDestroyCommandPool(device, pool, NULL);
}

static void test_copy(int from, int to)
{
	VkDeviceMemory memories[2] = { import(from), import(to) };
	unsigned char *from_mem = buf_map(from, LEN), *to_mem = buf_map(to, LEN);
	VkBuffer buffers[2];
	int i;

	if (!memories[0] || !memories[1])
		return;
	for (i = 0; i < 2; i++)
		buffers[i] = buffer_in(memories[i]);
	is(buf_sync(from, DMA_BUF_SYNC_START | DMA_BUF_SYNC_WRITE), 0, "SYNC start");
	pattern_fill(from_mem, LEN, 5);
	is(buf_sync(from, DMA_BUF_SYNC_END | DMA_BUF_SYNC_WRITE), 0, "SYNC end");
	copy(buffers[0], buffers[1]);
	is(buf_sync(to, DMA_BUF_SYNC_START | DMA_BUF_SYNC_READ), 0, "SYNC start");
	ok(pattern_holds(to_mem, LEN, 5), "every byte is in the other buffer");
	is(buf_sync(to, DMA_BUF_SYNC_END | DMA_BUF_SYNC_READ), 0, "SYNC end");
	for (i = 0; i < 2; i++) {
		vkDestroyBuffer(device, buffers[i], NULL);
		vkFreeMemory(device, memories[i], NULL);
	}
	munmap(from_mem, LEN);
	munmap(to_mem, LEN);
}

int main(void)
{
	const VkApplicationInfo application = {
		.sType = VK_STRUCTURE_TYPE_APPLICATION_INFO,
		.apiVersion = VK_API_VERSION_1_1,
	};
	const VkInstanceCreateInfo info = {
		.sType = VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO,
		.pApplicationInfo = &application,
	};
	int heap = heap_open(HEAP), from, to;
	VkInstance instance;

	setenv("VK_DRIVER_FILES", DRIVER, 1);
	must(vkCreateInstance(&info, NULL, &instance), "vkCreateInstance");
	if (device_init(instance)) {
		from = buf_new(heap, LEN);
		to = buf_new(heap, LEN);
		test_copy(from, to);
		close(from);
		close(to);
		vkDestroyDevice(device, NULL);
	}
	vkDestroyInstance(instance, NULL);
	return tap_done();
}
