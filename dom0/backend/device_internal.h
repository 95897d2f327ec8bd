/* What device.c, the states, and device_class.c, the directories, know of each other. */
#ifndef DOM0_BACKEND_DEVICE_INTERNAL_H
#define DOM0_BACKEND_DEVICE_INTERNAL_H

#include "dom0/backend/device.h"

#define DEVICE_PATH 192

/* The path of a node of either directory. */
const char *device_path(char path[DEVICE_PATH], const struct device *device, bool frontend,
                        const char *key);

/* Goes on from how things are now. The device may be gone afterwards. */
void device_look(struct device *device);

/* If it is connected. */
void device_disconnect(struct device *device);

/* Its directory is gone, or somebody wants it forgotten. */
void device_free(struct device *device);

#endif
