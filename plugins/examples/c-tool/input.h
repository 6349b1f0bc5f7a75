// The input of a tool: a JSON object, which the host has checked against the schema.
#ifndef INPUT_H
#define INPUT_H

#include <stddef.h>

// The text of member `name` of the JSON object `json`, which must have only strings as members: a
// new string that ends with NUL and holds no other. NULL if there is none such, or no memory.
char *input_string(const char *json, size_t length, const char *name);

#endif
