#define _GNU_SOURCE
#include "Floor.h"

#include <sodium.h>
#include <stdlib.h>
#include <sys/mman.h>

// One open-addressing table, the sealed bytes within the slots: a look-up misses the processor's caches once.
typedef struct {
    uint64_t hash;
    uint8_t nonce[12];
    uint8_t sealed[];
} slot;

struct floor_table {
    _Alignas(64) crypto_aead_aes256gcm_state state;
    uint8_t *slots;
    size_t mask, stride, secret_length, length;
};

static slot *slot_at(const floor_table *table, size_t position) {
    return (slot *)(table->slots + (position & table->mask) * table->stride);
}

floor_table *floor_table_create(size_t entries, size_t secret_length) {
    if (sodium_init() < 0) return NULL;
    floor_table *table = aligned_alloc(64, (sizeof *table + 63) / 64 * 64);
    if (!table) return NULL;
    size_t capacity = 8;
    while (capacity * 3 < entries * 4) capacity *= 2;
    table->mask = capacity - 1;
    table->secret_length = secret_length;
    table->stride = (sizeof(slot) + secret_length + crypto_aead_aes256gcm_ABYTES + 63) / 64 * 64;
    table->length = capacity * table->stride;
    table->slots = mmap(NULL, table->length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (table->slots == MAP_FAILED) {
        free(table);
        return NULL;
    }
    // As the vault does: anything else would flatter it.
    madvise(table->slots, table->length, MADV_HUGEPAGE);
    uint8_t key[32];
    randombytes_buf(key, sizeof key);
    crypto_aead_aes256gcm_beforenm(&table->state, key);
    return table;
}

int floor_table_put(floor_table *table, uint64_t hash, const uint8_t *ad, size_t ad_length, const uint8_t *secret) {
    size_t position = hash;
    while (slot_at(table, position)->hash) position++;
    slot *free_slot = slot_at(table, position);
    free_slot->hash = hash;
    randombytes_buf(free_slot->nonce, sizeof free_slot->nonce);
    return crypto_aead_aes256gcm_encrypt_afternm(
        free_slot->sealed, NULL, secret, table->secret_length, ad, ad_length, NULL, free_slot->nonce, &table->state);
}

int floor_table_get(
    const floor_table *table, uint64_t hash, const uint8_t *ad, size_t ad_length, uint8_t *secret) {
    size_t position = hash;
    slot *found;
    while ((found = slot_at(table, position))->hash != hash) {
        if (!found->hash) return -1;
        position++;
    }
    return crypto_aead_aes256gcm_decrypt_afternm(
        secret, NULL, NULL, found->sealed, table->secret_length + crypto_aead_aes256gcm_ABYTES, ad, ad_length,
        found->nonce, &table->state);
}

void floor_table_destroy(floor_table *table) {
    munmap(table->slots, table->length);
    free(table);
}
