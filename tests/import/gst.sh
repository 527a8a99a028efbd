# shellcheck shell=bash
# gst_only PLUGIN...: has GStreamer look at these plugins only, since looking at all
# takes an emulated machine longer than any test here. Sourced.
gst_only()
{
	local dir plugin

	dir=$(mktemp -d)
	for plugin in "$@"; do
		ln -s "$(echo /usr/lib/*/gstreamer-1.0/libgst"$plugin".so)" "$dir"
	done
	export GST_PLUGIN_SYSTEM_PATH=$dir GST_REGISTRY=$dir/registry GST_REGISTRY_FORK=no
}
