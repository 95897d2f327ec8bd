/* A network card's specification (config_devices.h). */
#include "dom0/toolstack/config_fields.h"
#include "xen-like/lib/string.h"

bool mac_read(struct slice text, u8 mac[6])
{
    static const char digits[] = "0123456789abcdef";

    if (text.length != 17)
        return false;
    for (int i = 0; i < 17; i++) {
        char c = text.at[i];
        const char *digit = strchr(digits, c >= 'A' && c <= 'F' ? c | 32 : c);

        if (i % 3 == 2 ? c != ':' : !c || !digit)
            return false;
        if (i % 3 < 2)
            mac[i / 3] = (u8)((i % 3 ? mac[i / 3] << 4 : 0) | (u8)(digit - digits));
    }
    return true;
}

static const char *mac_take(void *spec, struct slice value)
{
    struct vif_spec *vif = spec;

    vif->has_mac = mac_read(value, vif->mac);
    if (!vif->has_mac)
        return "mac is no address (00:16:3e:01:02:03)";
    return vif->mac[0] & 1 ? "mac is a group's address" : NULL;
}

static const char *bridge_take(void *spec, struct slice value)
{
    ((struct vif_spec *)spec)->bridge = value;
    return value.length ? NULL : "bridge has no name";
}

static const char *ip_take(void *spec, struct slice value)
{
    ((struct vif_spec *)spec)->ip = value;
    return NULL;
}

static const char *devid_take(void *spec, struct slice value)
{
    u64 number;

    if (!slice_number(value, &number) || number >= VIF_DEVID_ANY)
        return "devid is no number";
    ((struct vif_spec *)spec)->devid = (u32)number;
    return NULL;
}

static const char *type_take(void *spec, struct slice value)
{
    (void)spec;
    return slice_is(value, "vif") ? NULL : "only type vif is there";
}

/* What the bridge does is what this script sets up elsewhere. */
static const char *script_take(void *spec, struct slice value)
{
    (void)spec;
    return slice_is(value, "vif-bridge") ? NULL : "no scripts are run here";
}

static const char *rate_refuse(void *spec, struct slice value)
{
    (void)spec;
    (void)value;
    return "rates are not limited here";
}

static const struct field vif_fields[] = {
    {"mac", mac_take},      {"bridge", bridge_take},
    {"ip", ip_take},        {"devid", devid_take},
    {"type", type_take},    {"backend", backend_take},
    {"rate", rate_refuse},  {"model", pass_over},
    {"vifname", pass_over}, {"script", script_take},
    {"accel", pass_over},   {"gatewaydev", pass_over},
    {"trusted", pass_over}, {NULL, NULL},
};

const char *vif_spec_read(const char *text, struct vif_spec *vif)
{
    struct slice field, key, value;
    const char *why = NULL;

    *vif = (struct vif_spec){.devid = VIF_DEVID_ANY};
    for (const char *rest = text; !why && rest;) {
        const struct field *known;

        field = field_take(&rest);
        if (!field.length)
            continue;
        if (!field_split(field, &key, &value))
            return "key=value is expected";
        known = field_find(vif_fields, key);
        why = known ? known->take(vif, value) : "a key is not known";
    }
    return why;
}
