// SPDX-License-Identifier: GPL-2.0
/*
 * OpenGL ES of Mesa, without a display or a GPU: a buffer of lazy_contig as a texture,
 * and another as what is drawn into. Mesa's software renderer draws.
 */
#include <EGL/egl.h>
#include <EGL/eglext.h>
#include <GLES2/gl2.h>
#include <GLES2/gl2ext.h>
#include <sched.h>
#include <sys/mount.h>

#include "picture.h"

#define WIDTH	256
#define HEIGHT	128
#define PAD	256
#define ARGB	0x34325241	/* DRM_FORMAT_ARGB8888: "AR24" */

static PFNEGLCREATEIMAGEKHRPROC create_image;
static PFNEGLDESTROYIMAGEKHRPROC destroy_image;
static PFNGLEGLIMAGETARGETTEXTURE2DOESPROC image_target;

static const char vertex_shader[] =
"attribute vec2 at;\n"
"varying vec2 place;\n"
"void main() { place = at * 0.5 + 0.5; gl_Position = vec4(at, 0.0, 1.0); }\n";

static const char fragment_shader[] =
"precision mediump float;\n"
"uniform sampler2D image;\n"
"varying vec2 place;\n"
"void main() { gl_FragColor = vec4(texture2D(image, place).rgb, 1.0); }\n";

static GLuint shader(GLenum type, const char *source)
{
	GLuint id = glCreateShader(type);
	GLint good = 0;
	char log[256];

	glShaderSource(id, 1, &source, NULL);
	glCompileShader(id);
	glGetShaderiv(id, GL_COMPILE_STATUS, &good);
	if (good)
		return id;
	glGetShaderInfoLog(id, sizeof(log), NULL, log);
	bail("shader: %s", log);
}

static void use_program(void)
{
	GLuint program = glCreateProgram();
	GLint good = 0;

	glAttachShader(program, shader(GL_VERTEX_SHADER, vertex_shader));
	glAttachShader(program, shader(GL_FRAGMENT_SHADER, fragment_shader));
	glBindAttribLocation(program, 0, "at");
	glLinkProgram(program);
	glGetProgramiv(program, GL_LINK_STATUS, &good);
	if (!good)
		bail("the program does not link");
	glUseProgram(program);
}

static EGLDisplay context_init(void)
{
	static const EGLint version[] = { EGL_CONTEXT_CLIENT_VERSION, 2, EGL_NONE };
	EGLDisplay display = eglGetPlatformDisplay(EGL_PLATFORM_SURFACELESS_MESA,
						   EGL_DEFAULT_DISPLAY, NULL);
	EGLContext context;

	if (!eglInitialize(display, NULL, NULL) || !eglBindAPI(EGL_OPENGL_ES_API))
		bail("EGL: %#x", eglGetError());
	context = eglCreateContext(display, EGL_NO_CONFIG_KHR, EGL_NO_CONTEXT, version);
	if (!eglMakeCurrent(display, EGL_NO_SURFACE, EGL_NO_SURFACE, context))
		bail("eglMakeCurrent: %#x", eglGetError());
	diag("%s, %s", glGetString(GL_RENDERER), glGetString(GL_VERSION));
	create_image = (PFNEGLCREATEIMAGEKHRPROC)eglGetProcAddress("eglCreateImageKHR");
	destroy_image = (PFNEGLDESTROYIMAGEKHRPROC)eglGetProcAddress("eglDestroyImageKHR");
	image_target = (PFNGLEGLIMAGETARGETTEXTURE2DOESPROC)
		eglGetProcAddress("glEGLImageTargetTexture2DOES");
	if (!create_image || !destroy_image || !image_target)
		bail("EGL has no images");
	return display;
}

/* The buffer as an image, or EGL_NO_IMAGE_KHR. */
static EGLImageKHR import(EGLDisplay display, const struct picture *picture)
{
	const EGLint attributes[] = {
		EGL_WIDTH, picture->width,
		EGL_HEIGHT, picture->height,
		EGL_LINUX_DRM_FOURCC_EXT, ARGB,
		EGL_DMA_BUF_PLANE0_FD_EXT, picture->buf,
		EGL_DMA_BUF_PLANE0_OFFSET_EXT, picture->offset,
		EGL_DMA_BUF_PLANE0_PITCH_EXT, picture->pitch,
		EGL_NONE
	};

	return create_image(display, EGL_NO_CONTEXT, EGL_LINUX_DMA_BUF_EXT, NULL, attributes);
}

static GLuint texture(EGLImageKHR image)
{
	GLuint id;

	glGenTextures(1, &id);
	glBindTexture(GL_TEXTURE_2D, id);
	glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MIN_FILTER, GL_NEAREST);
	glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MAG_FILTER, GL_NEAREST);
	image_target(GL_TEXTURE_2D, image);
	return id;
}

/* Draws one texture over the whole of another. */
static void draw(GLuint from, GLuint to)
{
	static const GLfloat corners[] = { -1, -1, 1, -1, -1, 1, 1, 1 };
	GLuint frame;

	glGenFramebuffers(1, &frame);
	glBindFramebuffer(GL_FRAMEBUFFER, frame);
	glFramebufferTexture2D(GL_FRAMEBUFFER, GL_COLOR_ATTACHMENT0, GL_TEXTURE_2D, to, 0);
	is(glCheckFramebufferStatus(GL_FRAMEBUFFER), GL_FRAMEBUFFER_COMPLETE,
	   "it can be drawn into");
	glViewport(0, 0, WIDTH, HEIGHT);
	glBindTexture(GL_TEXTURE_2D, from);
	glVertexAttribPointer(0, 2, GL_FLOAT, GL_FALSE, 0, corners);
	glEnableVertexAttribArray(0);
	glDrawArrays(GL_TRIANGLE_STRIP, 0, 4);
	glFinish();
	is(glGetError(), GL_NO_ERROR, "OpenGL has no complaint");
}

/* Is what was drawn last this picture, as OpenGL reads it back? */
static bool drawn(unsigned int seed)
{
	static unsigned char rgba[HEIGHT][WIDTH][4];
	uint32_t got;
	int x, y;

	glReadPixels(0, 0, WIDTH, HEIGHT, GL_RGBA, GL_UNSIGNED_BYTE, rgba);
	for (y = 0; y < HEIGHT; y++) {
		for (x = 0; x < WIDTH; x++) {
			got = rgba[y][x][0] << 16 | rgba[y][x][1] << 8 | rgba[y][x][2];
			if (got == picture_pixel(seed, x, y))
				continue;
			diag("pixel %d, %d is %#x, not %#x", x, y, got,
			     picture_pixel(seed, x, y));
			return false;
		}
	}
	return true;
}

static void test_images(EGLDisplay display, struct picture *from, struct picture *to)
{
	EGLImageKHR source = import(display, from), target = import(display, to);

	ok(source, "a buffer becomes an EGL image");
	ok(target, "and another");
	if (!source || !target)
		return;
	draw(texture(source), texture(target));
	ok(drawn(1), "every pixel of the one, a texture, is drawn");
	is(buf_sync(to->buf, DMA_BUF_SYNC_START | DMA_BUF_SYNC_READ), 0, "SYNC start");
	ok(picture_in(to, to->mem, 1), "every pixel is in the other, the target");
	is(buf_sync(to->buf, DMA_BUF_SYNC_END | DMA_BUF_SYNC_READ), 0, "SYNC end");
	destroy_image(display, source);
	destroy_image(display, target);
}

/* Where it sees a DRM device, Mesa's renderer reads zeros from dma-bufs. */
static void hide_drm(void)
{
	if (access("/dev/dri", F_OK))
		return;
	if (unshare(CLONE_NEWNS) || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("none", "/dev/dri", "tmpfs", 0, NULL))
		bail("hide /dev/dri: %m");
}

int main(void)
{
	int heap = heap_open(HEAP);
	struct picture from, to;
	EGLDisplay display;

	hide_drm();
	/* of two small shaders, which would take longer than all the rest */
	setenv("GALLIVM_PERF", "nopt", 1);
	display = context_init();
	if (!strstr(eglQueryString(display, EGL_EXTENSIONS), "EGL_EXT_image_dma_buf_import")) {
		skip("EGL: this Mesa has no EGL_EXT_image_dma_buf_import here");
		return tap_done();
	}
	use_program();
	picture_init(&from, heap, WIDTH, HEIGHT, 0, PAD);
	picture_init(&to, heap, WIDTH, HEIGHT, 0, PAD);
	picture_paint(&from, 1);
	test_images(display, &from, &to);
	picture_exit(&from);
	picture_exit(&to);
	eglTerminate(display);
	return tap_done();
}
