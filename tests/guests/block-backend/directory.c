/* The backend's and the frontend's directory without a xenstore: what device.c is to the class. */
#include "tests/guests/block-backend/front.h"

static struct key {
    bool frontend;
    char name[40], value[40];
} keys[2 * DIRECTORY];

u32 failures, keys_written;
const struct device_class *vbd_class;

static struct key *key_find(bool frontend, const char *name)
{
    for (u32 n = 0; n < ARRAY_SIZE(keys); n++) {
        if (keys[n].frontend == frontend && !strcmp(keys[n].name, name))
            return &keys[n];
    }
    return NULL;
}

static struct key *key_make(bool frontend, const char *name)
{
    struct key *key = key_find(frontend, name);

    for (u32 n = 0; n < ARRAY_SIZE(keys) && !key; n++) {
        if (!keys[n].name[0])
            key = &keys[n];
    }
    if (!key)
        guest_panic("too many keys");
    key->frontend = frontend;
    str_copy(key->name, name, sizeof(key->name));
    return key;
}

void key_set(bool frontend, const char *name, const char *format, ...)
{
    struct key *key = key_make(frontend, name);
    va_list args;

    va_start(args, format);
    fmt_vsnprintf(key->value, sizeof(key->value), format, args);
    va_end(args);
}

void key_remove(bool frontend, const char *name)
{
    struct key *key = key_find(frontend, name);

    if (key)
        key->name[0] = '\0';
}

void keys_forget(bool frontend)
{
    for (u32 n = 0; n < ARRAY_SIZE(keys); n++) {
        if (keys[n].frontend == frontend)
            keys[n].name[0] = '\0';
    }
}

u64 key_number(bool frontend, const char *name)
{
    return device_read_number(NULL, frontend, name, ~0ull);
}

int device_class_add(const struct device_class *class)
{
    vbd_class = class;
    return 0;
}

void device_fail(struct device *device, const char *why)
{
    console_printf("device_fail: %s\n", why);
    failures++;
    vbd_class->disconnect(device);
}

long device_read(const struct device *device, bool frontend, const char *name, char *to,
                 size_t size)
{
    struct key *key = key_find(frontend, name);

    (void)device;
    if (!key)
        return -XEN_ENOENT;
    str_copy(to, key->value, size);
    return (long)strlen(key->value);
}

u64 device_read_number(const struct device *device, bool frontend, const char *name, u64 fallback)
{
    struct key *key = key_find(frontend, name);
    u64 value = 0;

    (void)device;
    if (!key)
        return fallback;
    for (const char *at = key->value; *at; at++)
        value = value * 10 + (u64)(*at - '0');
    return value;
}

int device_write(const struct device *device, const char *name, const char *format, ...)
{
    struct key *key = key_make(false, name);
    va_list args;

    (void)device;
    va_start(args, format);
    fmt_vsnprintf(key->value, sizeof(key->value), format, args);
    va_end(args);
    keys_written++;
    return 0;
}

struct device *device_make(void)
{
    struct device *device = heap_alloc(vbd_class->size);

    if (!device)
        guest_panic("no memory for a device");
    device->class = vbd_class;
    return device;
}
