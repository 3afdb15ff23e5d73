#ifndef KEYVAULT_FLOOR_H
#define KEYVAULT_FLOOR_H

#include <stddef.h>
#include <stdint.h>

// What the same work costs in C, with nothing around it: no locks, no clock, no guarded memory, no wiping. Every call
// returns 0, or -1 where something failed.

/// A table of secrets under AES-256-GCM, whose key schedule was expanded once.
typedef struct floor_table floor_table;

floor_table *floor_table_create(size_t entries, size_t secret_length);
int floor_table_put(floor_table *table, uint64_t hash, const uint8_t *ad, size_t ad_length, const uint8_t *secret);
/// Looks an entry up and opens it into `secret`.
int floor_table_get(
    const floor_table *table, uint64_t hash, const uint8_t *ad, size_t ad_length, uint8_t *secret);
void floor_table_destroy(floor_table *table);

/// The calls that opening one sealed record makes: BLAKE2b-512, the comparison, two AES-GCM opens.
typedef struct floor_envelope floor_envelope;

floor_envelope *floor_envelope_create(size_t context_length, size_t plaintext_length);
int floor_envelope_open(floor_envelope *envelope);
/// The calls that sealing one makes: 32 random bytes, three BLAKE2b, two AES-GCM seals.
int floor_envelope_seal(floor_envelope *envelope);
void floor_envelope_destroy(floor_envelope *envelope);

/// A SQLite database as the vault's, through prepared statements.
typedef struct floor_database floor_database;

/// Opens or creates it, in WAL mode with `synchronous = FULL`.
floor_database *floor_database_open(const char *path);
/// Reads the current row of an id and copies the sealed bytes; returns their length.
int floor_database_read(
    floor_database *database, const char *tenant, const char *provider, const char *label, uint8_t *sealed,
    size_t capacity);
/// Copies the sealed bytes of the first rows; returns how many there were.
int floor_database_list(floor_database *database, int limit, uint8_t *sealed, size_t capacity);
int floor_database_begin(floor_database *database);
int floor_database_commit(floor_database *database);
int floor_database_delete(floor_database *database, const char *tenant, const char *provider, const char *label);
/// Inserts or replaces a row, durably unless within a transaction.
int floor_database_upsert(
    floor_database *database, const char *tenant, const char *provider, const char *label, const uint8_t *sealed,
    size_t length);
/// Replaces the bytes of a row that is there.
int floor_database_update(
    floor_database *database, const char *tenant, const char *provider, const char *label, const uint8_t *sealed,
    size_t length);
void floor_database_close(floor_database *database);

/// As long as a frame of the file store with a record of 164 bytes under an id of 64.
enum { FLOOR_FRAME_LENGTH = 516 };

/// A file of frames, each with a CRC-32C.
typedef struct floor_file floor_file;

floor_file *floor_file_create(const char *path);
int floor_file_append(floor_file *file, int is_durable);
/// Reads a frame and checks it.
int floor_file_read(const floor_file *file, size_t number);
void floor_file_close(floor_file *file);

/// The time since some moment, and the processor's time that this process has had.
uint64_t floor_nanoseconds_on_the_wall(void);
uint64_t floor_nanoseconds_of_process(void);

/// Gives back to the system what the heap does not use, so that the resident memory can be compared.
void floor_trim_heap(void);

#endif
