#ifndef RPN_H
#define RPN_H

enum rpn_status {
    RPN_OK,
    RPN_BAD_TOKEN,
    RPN_TOO_FEW_OPERANDS,
    RPN_TOO_MANY_OPERANDS,
    RPN_TOO_DEEP,
    RPN_DIVISION_BY_ZERO,
};

/* Computes an expression in reverse Polish notation; writes the result only when it returns RPN_OK. */
enum rpn_status rpn_evaluate(int count, char *const tokens[], double *result);

/* Describes a status in a few words. */
const char *rpn_message(enum rpn_status status);

#endif
