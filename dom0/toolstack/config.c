/*
 * The meaning of xl.cfg's keys. All values are first read as the table says, each once; then the
 * configuration is made of them. A later setting of a key replaces an earlier one, as in xl; +=
 * adds to it. What is no key here is passed over, as xl does, but the last such is told.
 */
#include "dom0/toolstack/config.h"

#include "dom0/toolstack/config_devices.h"
#include "dom0/toolstack/config_text.h"
#include "xen-like/lib/fmt.h"
#include "xen-like/lib/parse.h"
#include "xen-like/lib/string.h"

enum key_kind {
    KIND_TEXT,
    KIND_NUMBER, /* from least to most */
    KIND_LIST,   /* or a single value */
    KIND_ACTION,
    KIND_UUID,
};

enum key_id {
    KEY_NAME,
    KEY_KERNEL,
    KEY_RAMDISK,
    KEY_CMDLINE,
    KEY_ROOT,
    KEY_EXTRA,
    KEY_TYPE,
    KEY_BUILDER,
    KEY_UUID,
    KEY_MEMORY,
    KEY_MAXMEM,
    KEY_VCPUS,
    KEY_MAXVCPUS,
    KEY_WEIGHT,
    KEY_CAP,
    KEY_CPUS,
    KEY_CPUS_SOFT,
    KEY_POOL,
    KEY_DISK,
    KEY_VIF,
    KEY_POWEROFF,
    KEY_REBOOT,
    KEY_CRASH,
    KEY_WATCHDOG,
    KEY_COUNT
};

#define MEMORY_DEFAULT_MIB 32
#define MEMORY_MAX_MIB     (1u << 30)
#define VCPUS_MAX          8192
#define WEIGHT_MAX         65535

static const struct key {
    const char *name;
    enum key_kind kind;
    u32 least, most;
} keys[KEY_COUNT] = {
    [KEY_NAME] = {"name", KIND_TEXT, 0, 0},
    [KEY_KERNEL] = {"kernel", KIND_TEXT, 0, 0},
    [KEY_RAMDISK] = {"ramdisk", KIND_TEXT, 0, 0},
    [KEY_CMDLINE] = {"cmdline", KIND_TEXT, 0, 0},
    [KEY_ROOT] = {"root", KIND_TEXT, 0, 0},
    [KEY_EXTRA] = {"extra", KIND_TEXT, 0, 0},
    [KEY_TYPE] = {"type", KIND_TEXT, 0, 0},
    [KEY_BUILDER] = {"builder", KIND_TEXT, 0, 0},
    [KEY_UUID] = {"uuid", KIND_UUID, 0, 0},
    [KEY_MEMORY] = {"memory", KIND_NUMBER, 1, MEMORY_MAX_MIB},
    [KEY_MAXMEM] = {"maxmem", KIND_NUMBER, 1, MEMORY_MAX_MIB},
    [KEY_VCPUS] = {"vcpus", KIND_NUMBER, 1, VCPUS_MAX},
    [KEY_MAXVCPUS] = {"maxvcpus", KIND_NUMBER, 1, VCPUS_MAX},
    [KEY_WEIGHT] = {"cpu_weight", KIND_NUMBER, 1, WEIGHT_MAX},
    [KEY_CAP] = {"cap", KIND_NUMBER, 0, WEIGHT_MAX},
    [KEY_CPUS] = {"cpus", KIND_LIST, 0, 0},
    [KEY_CPUS_SOFT] = {"cpus_soft", KIND_LIST, 0, 0},
    [KEY_POOL] = {"pool", KIND_TEXT, 0, 0},
    [KEY_DISK] = {"disk", KIND_LIST, 0, 0},
    [KEY_VIF] = {"vif", KIND_LIST, 0, 0},
    [KEY_POWEROFF] = {"on_poweroff", KIND_ACTION, 0, 0},
    [KEY_REBOOT] = {"on_reboot", KIND_ACTION, 0, 0},
    [KEY_CRASH] = {"on_crash", KIND_ACTION, 0, 0},
    [KEY_WATCHDOG] = {"on_watchdog", KIND_ACTION, 0, 0},
};

static const char *const action_names[] = {
    [ACTION_DESTROY] = "destroy",
    [ACTION_RESTART] = "restart",
    [ACTION_RENAME_RESTART] = "rename-restart",
    [ACTION_PRESERVE] = "preserve",
    [ACTION_COREDUMP_DESTROY] = "coredump-destroy",
    [ACTION_COREDUMP_RESTART] = "coredump-restart",
};

struct value {
    u32 line; /* 0: it was not set */
    struct text_list texts;
    u64 number; /* or an action */
};

const char *action_name(enum domain_action action)
{
    return action_names[action];
}

static bool key_matches(const struct setting *set, const struct key *key)
{
    return strlen(key->name) == set->key_length && !strncmp(set->key, key->name, set->key_length);
}

static void texts_copy(struct settings *s, const struct setting *from)
{
    const char *text = from->values.first;

    for (u32 i = 0; i < from->values.count; i++, text = text_next(text)) {
        u64 length = strlen(text);

        memcpy(s->texts, text, length);
        s->texts += length;
        if (from->is_list)
            *s->texts++ = '\0';
    }
}

/* The key's last setting, with what += has added: texts that are copied behind each other. */
static bool setting_find(struct settings *s, const struct key *key, struct setting *found)
{
    u32 first = 0, pieces = 0;

    for (u32 i = 0; i < s->count; i++) {
        if (!key_matches(&s->all[i], key))
            continue;
        s->all[i].used = true;
        first = s->all[i].adds && pieces ? first : i;
        pieces = s->all[i].adds ? pieces + 1 : 1;
    }
    *found = pieces ? s->all[first] : (struct setting){0};
    if (pieces < 2)
        return true;
    found->values = (struct text_list){.first = s->texts};
    for (u32 i = first; i < s->count; i++) {
        if (!key_matches(&s->all[i], key))
            continue;
        if (s->all[i].is_list != found->is_list)
            return setting_wrong(s, s->all[i].line, "+= between a list and a single value");
        texts_copy(s, &s->all[i]);
        found->values.count += s->all[i].values.count;
    }
    if (!found->is_list) {
        *s->texts++ = '\0';
        found->values.count = 1;
    }
    return true;
}

static bool number_read(struct settings *s, const struct key *key, struct value *v)
{
    const char *end;

    if (!parse_unsigned(v->texts.first, &end, &v->number) || *end)
        return setting_wrong(s, v->line, "%s: \"%s\" is no number", key->name, v->texts.first);
    if (v->number < key->least || v->number > key->most)
        return setting_wrong(s, v->line, "%s: must be %u to %u", key->name, key->least, key->most);
    return true;
}

static bool action_read(struct settings *s, const struct key *key, struct value *v)
{
    for (v->number = 0; v->number < ARRAY_SIZE(action_names); v->number++) {
        if (!strcmp(v->texts.first, action_names[v->number]))
            return true;
    }
    return setting_wrong(s, v->line,
                         "%s: \"%s\" is none of destroy, restart, rename-restart, preserve, "
                         "coredump-destroy, coredump-restart",
                         key->name, v->texts.first);
}

static int hex_digit(char c)
{
    static const char digits[] = "0123456789abcdef";
    const char *at = c ? strchr(digits, c >= 'A' && c <= 'F' ? c | 32 : c) : NULL;

    return at ? (int)(at - digits) : -1;
}

/* 32 digits, with a hyphen before any pair of them. */
static bool uuid_read(const char *text, u8 uuid[16])
{
    for (unsigned int i = 0; i < 16; i++) {
        text += *text == '-' && i;
        if (hex_digit(text[0]) < 0 || hex_digit(text[1]) < 0)
            return false;
        uuid[i] = (u8)(hex_digit(text[0]) << 4 | hex_digit(text[1]));
        text += 2;
    }
    return !*text;
}

static bool value_take(struct settings *s, const struct key *key, struct value *v)
{
    struct setting set;

    if (!setting_find(s, key, &set))
        return false;
    *v = (struct value){.line = set.line, .texts = set.values};
    if (!set.line || key->kind == KIND_LIST)
        return true;
    if (set.is_list)
        return setting_wrong(s, set.line, "%s: a list is not expected here", key->name);
    if (key->kind == KIND_NUMBER)
        return number_read(s, key, v);
    return key->kind != KIND_ACTION || action_read(s, key, v);
}

/* root= and extra= make the command line, unless cmdline= is there, which then is all of it. */
static const char *cmdline_make(struct settings *s, const struct value *values)
{
    const char *root = values[KEY_ROOT].texts.first, *extra = values[KEY_EXTRA].texts.first;
    char *line = s->texts;

    if (values[KEY_CMDLINE].line || !root)
        return values[KEY_CMDLINE].line ? values[KEY_CMDLINE].texts.first : extra;
    s->texts += fmt_snprintf(line, strlen(root) + (extra ? strlen(extra) : 0) + sizeof("root= "),
                             "root=%s%s%s", root, extra ? " " : "", extra ? extra : "");
    s->texts++;
    return line;
}

/* What the settings say of each other. */
static bool values_check(struct settings *s, const struct value *v)
{
    static const char *const kinds[] = {"pv", "generic", "linux"}; /* the last two: of builder= */
    const struct value *type = v[KEY_TYPE].line ? &v[KEY_TYPE] : &v[KEY_BUILDER];
    bool known = !type->line;

    for (u32 i = 0; !known && i < ARRAY_SIZE(kinds); i++)
        known = !strcmp(type->texts.first, kinds[i]);
    if (!known)
        return setting_wrong(s, type->line, "type: only \"pv\" is there, not \"%s\"",
                             type->texts.first);
    if (!v[KEY_NAME].line || !*v[KEY_NAME].texts.first)
        return setting_wrong(s, v[KEY_NAME].line, "name: is missing");
    if (!v[KEY_KERNEL].line || !*v[KEY_KERNEL].texts.first)
        return setting_wrong(s, v[KEY_KERNEL].line, "kernel: is missing");
    if (v[KEY_MAXMEM].line && v[KEY_MAXMEM].number < v[KEY_MEMORY].number)
        return setting_wrong(s, v[KEY_MAXMEM].line, "maxmem: is less than memory");
    if (v[KEY_MAXVCPUS].line && v[KEY_MAXVCPUS].number < v[KEY_VCPUS].number)
        return setting_wrong(s, v[KEY_MAXVCPUS].line, "maxvcpus: are less than vcpus");
    return true;
}

static bool cpus_check(struct settings *s, const char *key, const struct value *v)
{
    const char *text = v->texts.first;

    for (u32 i = 0; i < v->texts.count; i++, text = text_next(text)) {
        if (!config_cpus(text, NULL, 0))
            return setting_wrong(s, v->line, "%s: \"%s\" is no list of CPUs", key, text);
    }
    return true;
}

static bool devices_check(struct settings *s, const struct value *disks, const struct value *vifs)
{
    const char *text = disks->texts.first, *why;
    struct disk_spec disk;
    struct vif_spec vif;

    for (u32 i = 0; i < disks->texts.count; i++, text = text_next(text)) {
        why = disk_spec_read(text, &disk);
        if (why)
            return setting_wrong(s, disks->line, "disk: \"%s\": %s", text, why);
    }
    text = vifs->texts.first;
    for (u32 i = 0; i < vifs->texts.count; i++, text = text_next(text)) {
        why = vif_spec_read(text, &vif);
        if (why)
            return setting_wrong(s, vifs->line, "vif: \"%s\": %s", text, why);
    }
    return true;
}

static void config_fill(struct domain_config *c, const struct value *v)
{
    c->name = v[KEY_NAME].texts.first;
    c->kernel = v[KEY_KERNEL].texts.first;
    c->ramdisk = v[KEY_RAMDISK].texts.first;
    c->memory_kib = v[KEY_MEMORY].number << 10;
    c->maxmem_kib = v[KEY_MAXMEM].number << 10;
    c->vcpus = (u32)v[KEY_VCPUS].number;
    c->maxvcpus = (u32)v[KEY_MAXVCPUS].number;
    c->weight = (u32)v[KEY_WEIGHT].number;
    c->cap = (u32)v[KEY_CAP].number;
    c->cpus = v[KEY_CPUS].texts;
    c->cpus_soft = v[KEY_CPUS_SOFT].texts;
    c->pool = v[KEY_POOL].texts.first;
    c->disk = v[KEY_DISK].texts;
    c->vif = v[KEY_VIF].texts;
    c->on_poweroff = (enum domain_action)v[KEY_POWEROFF].number;
    c->on_reboot = (enum domain_action)(v[KEY_REBOOT].line ? v[KEY_REBOOT].number : ACTION_RESTART);
    c->on_crash = (enum domain_action)v[KEY_CRASH].number;
    c->on_watchdog = (enum domain_action)v[KEY_WATCHDOG].number;
}

/* Says what was understood and does nothing. */
static void passed_over_tell(struct settings *s)
{
    for (u32 i = 0; i < s->count; i++) {
        if (!s->all[i].used)
            setting_wrong(s, s->all[i].line, "%.*s means nothing here and is passed over",
                          (int)MIN(s->all[i].key_length, 64u), s->all[i].key);
    }
}

bool config_read(struct domain_config *c, const char *file, const char *text, u64 size, void *room,
                 char message[CONFIG_LINE_SIZE])
{
    struct settings s = {.file = file, .message = message};
    struct value values[KEY_COUNT];

    *c = (struct domain_config){0};
    message[0] = '\0';
    if (!settings_read(&s, text, size, room))
        return false;
    for (u32 id = 0; id < KEY_COUNT; id++) {
        if (!value_take(&s, &keys[id], &values[id]))
            return false;
    }
    if (!values[KEY_MEMORY].line)
        values[KEY_MEMORY].number =
            values[KEY_MAXMEM].line ? values[KEY_MAXMEM].number : MEMORY_DEFAULT_MIB;
    if (!values[KEY_VCPUS].line)
        values[KEY_VCPUS].number = 1;
    if (!values_check(&s, values) || !cpus_check(&s, "cpus", &values[KEY_CPUS]) ||
        !cpus_check(&s, "cpus_soft", &values[KEY_CPUS_SOFT]) ||
        !devices_check(&s, &values[KEY_DISK], &values[KEY_VIF]))
        return false;
    if (values[KEY_UUID].line && !uuid_read(values[KEY_UUID].texts.first, c->uuid))
        return setting_wrong(&s, values[KEY_UUID].line, "uuid: \"%s\" is none",
                             values[KEY_UUID].texts.first);
    config_fill(c, values);
    c->cmdline = cmdline_make(&s, values);
    passed_over_tell(&s);
    return true;
}
