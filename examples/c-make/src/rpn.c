#include "rpn.h"

#include <stdlib.h>
#include <string.h>

#define DEPTH 64

static int is_operator(const char *token)
{
    return strlen(token) == 1 && strchr("+-*/", token[0]) != NULL;
}

static enum rpn_status apply(char operator, double left, double right, double *result)
{
    switch (operator) {
    case '+':
        *result = left + right;
        return RPN_OK;
    case '-':
        *result = left - right;
        return RPN_OK;
    case '*':
        *result = left * right;
        return RPN_OK;
    default:
        if (right == 0)
            return RPN_DIVISION_BY_ZERO;
        *result = left / right;
        return RPN_OK;
    }
}

enum rpn_status rpn_evaluate(int count, char *const tokens[], double *result)
{
    double stack[DEPTH];
    int depth = 0;

    for (int i = 0; i < count; i++) {
        if (is_operator(tokens[i])) {
            if (depth < 2)
                return RPN_TOO_FEW_OPERANDS;
            enum rpn_status status = apply(tokens[i][0], stack[depth - 2], stack[depth - 1], &stack[depth - 2]);
            if (status != RPN_OK)
                return status;
            depth--;
            continue;
        }
        char *end;
        double number = strtod(tokens[i], &end);
        if (end == tokens[i] || *end != '\0')
            return RPN_BAD_TOKEN;
        if (depth == DEPTH)
            return RPN_TOO_DEEP;
        stack[depth++] = number;
    }
    if (depth == 0)
        return RPN_TOO_FEW_OPERANDS;
    if (depth > 1)
        return RPN_TOO_MANY_OPERANDS;
    *result = stack[0];
    return RPN_OK;
}

const char *rpn_message(enum rpn_status status)
{
    switch (status) {
    case RPN_OK:
        return "fine";
    case RPN_BAD_TOKEN:
        return "neither a number nor an operator";
    case RPN_TOO_FEW_OPERANDS:
        return "too few operands";
    case RPN_TOO_MANY_OPERANDS:
        return "too many operands";
    case RPN_TOO_DEEP:
        return "too many operands at once";
    case RPN_DIVISION_BY_ZERO:
        return "division by zero";
    }
    return "unknown";
}
