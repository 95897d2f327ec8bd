#include "tests/fuzz/replay.h"

#include <dirent.h>
#include <sanitizer/common_interface_defs.h>

static char replay_now[512]; /* the file at hand */

static void replay_died(void)
{
    fprintf(stderr, "while replaying %s\n", replay_now);
}

/* From an allocation of exactly its size, so that a read of a byte too many is seen. */
static void replay_file(void)
{
    FILE *file = fopen(replay_now, "rb");
    uint8_t *data;
    long size;

    assert_non_null(file);
    fseek(file, 0, SEEK_END);
    size = ftell(file);
    rewind(file);
    data = malloc((size_t)size);
    assert_int_equal(fread(data, 1, (size_t)size, file), size);
    fclose(file);
    LLVMFuzzerTestOneInput(data, (size_t)size);
    free(data);
}

void replay_corpus(const char *name)
{
    const char *one = getenv("REPLAY");
    char folder[64];
    struct dirent *entry;
    unsigned files = 0;
    DIR *dir;

    __sanitizer_set_death_callback(replay_died);
    if (one) {
        snprintf(replay_now, sizeof(replay_now), "%s", one);
        return replay_file();
    }
    snprintf(folder, sizeof(folder), "tests/fuzz/corpus/%s", name);
    dir = opendir(folder);
    assert_non_null(dir);
    while ((entry = readdir(dir))) {
        if (entry->d_name[0] == '.')
            continue;
        snprintf(replay_now, sizeof(replay_now), "%s/%s", folder, entry->d_name);
        replay_file();
        files++;
    }
    closedir(dir);
    assert_in_range(files, 1, 10000);
}
