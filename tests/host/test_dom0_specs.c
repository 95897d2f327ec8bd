// LINK: dom0/toolstack/config_fields.c dom0/toolstack/config_disk.c dom0/toolstack/config_vif.c
// LINK: xen-like/lib/parse.c xen-like/lib/string.c
/*
 * The specifications of disks and network cards as xl takes them: places, keys, flags, older forms,
 * and what is refused, with its reason. Names of disks and their numbers are those of
 * vbd-interface(7).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "dom0/toolstack/config_devices.h"
#include "xen-like/lib/string.h"

static struct slice slice_of(const char *text)
{
    return (struct slice){text, (int)strlen(text)};
}

static void slice_equal(struct slice s, const char *text)
{
    assert_int_equal(s.length, strlen(text));
    assert_memory_equal(s.at, text, strlen(text));
}

static void names_have_the_numbers_of_the_interface(void **state)
{
    static const struct {
        const char *name;
        u32 number;
    } names[] = {
        {"xvda", 51712},
        {"xvda1", 51713},
        {"xvdb", 51728},
        {"xvdp15", 51967},
        {"xvdq", 1 << 28 | 16 << 8},
        {"xvda16", 1 << 28 | 16},
        {"xvdaa", 1 << 28 | 26 << 8},
        {"hda", 768},
        {"hdb63", 3 << 8 | 127},
        {"hdc", 5632},
        {"hdd1", 22 << 8 | 65},
        {"sda", 2048},
        {"sdp15", 2303},
        {"d0", 51712},
        {"d1p2", 51730},
        {"d16", 1 << 28 | 16 << 8},
        {"51712", 51712},
        {"0xca00", 51712},
    };
    static const char *const wrong[] = {
        "",    "xvd", "xvda-1", "xvda256", "xvdA", "hde",    "hda64", "sdq",       "sda16",    "d",
        "dp1", "d1p", "d1x",    "0",       "vda",  "xvda1x", "-1",    "536870912", "xvdaaaaaa"};
    u32 number;

    (void)state;
    for (unsigned int i = 0; i < ARRAY_SIZE(names); i++) {
        assert_true(vdev_number(slice_of(names[i].name), &number));
        assert_int_equal(number, names[i].number);
    }
    for (unsigned int i = 0; i < ARRAY_SIZE(wrong); i++)
        assert_false(vdev_number(slice_of(wrong[i]), &number));
}

/* The manual's own list of ways to say the same. */
static void a_disk_may_be_said_in_many_ways(void **state)
{
    static const char *const ways[] = {
        "/dev/vg/guest-volume,,hda",
        "/dev/vg/guest-volume,raw,hda,rw",
        "format=raw, vdev=hda, access=rw, target=/dev/vg/guest-volume",
        "raw:/dev/vg/guest-volume,hda,w",
        "phy:/dev/vg/guest-volume,hda,w",
        " vg/guest-volume , raw , hda , w , backendtype=phy, direct-io-safe",
        "vdev=hda,devtype=disk,backend=0,/dev/vg/guest-volume",
    };
    struct disk_spec disk;

    (void)state;
    for (unsigned int i = 0; i < ARRAY_SIZE(ways); i++) {
        assert_null(disk_spec_read(ways[i], &disk));
        slice_equal(disk.target, "vg/guest-volume");
        slice_equal(disk.vdev, "hda");
        assert_int_equal(disk.number, 768);
        assert_false(disk.read_only || disk.cdrom);
        assert_true(disk.discard);
    }
}

static void a_disk_may_be_read_only_or_without_discard(void **state)
{
    struct disk_spec disk;

    (void)state;
    assert_null(disk_spec_read("vda1,raw,xvda1,r,no-discard", &disk));
    assert_true(disk.read_only && !disk.cdrom && !disk.discard);
    assert_null(disk_spec_read("vda1,raw,hdc:cdrom,w", &disk));
    assert_true(disk.read_only && disk.cdrom);
    slice_equal(disk.vdev, "hdc");
    assert_null(disk_spec_read("vda1,,hdc,,cdrom", &disk));
    assert_true(disk.read_only && disk.cdrom);
    assert_null(disk_spec_read("vdev=xvda,target=vda@2048+100,with,commas=", &disk));
    slice_equal(disk.target, "vda@2048+100,with,commas=");
}

static void disks_that_cannot_be_had_are_refused_with_the_reason(void **state)
{
    static const struct {
        const char *text, *why;
    } wrong[] = {
        {"", "the target is missing"},
        {",raw,xvda", "the target is missing"},
        {"vdev=xvda,target=", "the target is missing"},
        {"vdev=xvda", "the target is missing"},
        {"vda", "the vdev is missing"},
        {"vda,qcow2,xvda", "only format raw is there"},
        {"tap:aio:vda,xvda,w", "only format raw is there"},
        {"vda,raw,xyz", "the vdev is no name of a disk (xvda, xvdb1)"},
        {"vda,raw,xvda,x", "access is one of r, ro, w, rw"},
        {"vda,raw,xvda,w,more", "there are too many fields"},
        {"vda,raw,xvda,w,devtype=floppy", "devtype is disk or cdrom"},
        {"vda,raw,xvda,w,backendtype=qdisk", "only backendtype phy is there"},
        {"vda,raw,xvda,w,backend=storage", "only Domain-0 has devices to give"},
        {"vda,raw,xvda,w,script=block-iscsi", "no scripts are run here"},
        {"vda,raw,xvda,w,colour=red", "a key is not known"},
    };
    struct disk_spec disk;

    (void)state;
    for (unsigned int i = 0; i < ARRAY_SIZE(wrong); i++)
        assert_string_equal(disk_spec_read(wrong[i].text, &disk), wrong[i].why);
}

static void a_card_may_say_nothing(void **state)
{
    struct vif_spec vif;

    (void)state;
    assert_null(vif_spec_read("", &vif));
    assert_false(vif.has_mac);
    assert_null(vif.bridge.at);
    assert_int_equal(vif.devid, VIF_DEVID_ANY);
}

static void a_card_as_people_write_it(void **state)
{
    static const u8 mac[] = {0x00, 0x16, 0x3e, 0x0a, 0xBc, 0xff};
    struct vif_spec vif;

    (void)state;
    assert_null(
        vif_spec_read("mac=00:16:3e:0a:Bc:fF, bridge=xenbr0, type=vif, ip=10.0.2.15, devid=2, "
                      "script=vif-bridge, model=e1000, vifname=web",
                      &vif));
    assert_true(vif.has_mac);
    assert_memory_equal(vif.mac, mac, 6);
    slice_equal(vif.bridge, "xenbr0");
    slice_equal(vif.ip, "10.0.2.15");
    assert_int_equal(vif.devid, 2);
}

static void cards_that_cannot_be_had_are_refused_with_the_reason(void **state)
{
    static const struct {
        const char *text, *why;
    } wrong[] = {
        {"mac", "key=value is expected"},
        {"mac=00:16:3e:01:02", "mac is no address (00:16:3e:01:02:03)"},
        {"mac=00:16:3e:01:02:0g", "mac is no address (00:16:3e:01:02:03)"},
        {"mac=00-16-3e-01-02-03", "mac is no address (00:16:3e:01:02:03)"},
        {"mac=01:16:3e:01:02:03", "mac is a group's address"},
        {"bridge=", "bridge has no name"},
        {"type=ioemu", "only type vif is there"},
        {"rate=1Mb/s", "rates are not limited here"},
        {"script=vif-route", "no scripts are run here"},
        {"backend=net", "only Domain-0 has devices to give"},
        {"devid=x", "devid is no number"},
        {"devid=4294967295", "devid is no number"},
        {"colour=red", "a key is not known"},
    };
    struct vif_spec vif;

    (void)state;
    for (unsigned int i = 0; i < ARRAY_SIZE(wrong); i++)
        assert_string_equal(vif_spec_read(wrong[i].text, &vif), wrong[i].why);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_have_the_numbers_of_the_interface),
        cmocka_unit_test(a_disk_may_be_said_in_many_ways),
        cmocka_unit_test(a_disk_may_be_read_only_or_without_discard),
        cmocka_unit_test(disks_that_cannot_be_had_are_refused_with_the_reason),
        cmocka_unit_test(a_card_may_say_nothing),
        cmocka_unit_test(a_card_as_people_write_it),
        cmocka_unit_test(cards_that_cannot_be_had_are_refused_with_the_reason),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
