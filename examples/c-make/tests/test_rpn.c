#include "rpn.h"

#include <stdio.h>
#include <string.h>

static int failures;

static void check(const char *expression, enum rpn_status status, double value)
{
    char copy[256];
    char *tokens[64];
    int count = 0;
    double result = 0;

    snprintf(copy, sizeof copy, "%s", expression);
    for (char *token = strtok(copy, " "); token != NULL; token = strtok(NULL, " "))
        tokens[count++] = token;

    enum rpn_status actual = rpn_evaluate(count, tokens, &result);
    if (actual == status && (status != RPN_OK || result == value)) {
        printf("ok      \"%s\"\n", expression);
        return;
    }
    printf("FAILED  \"%s\": %s, %g\n", expression, rpn_message(actual), result);
    failures++;
}

int main(void)
{
    check("7", RPN_OK, 7);
    check("3 4 +", RPN_OK, 7);
    check("10 4 -", RPN_OK, 6);
    check("-2 8 *", RPN_OK, -16);
    check("1 4 /", RPN_OK, 0.25);
    check("5 1 2 + 4 * + 3 -", RPN_OK, 14);
    check("", RPN_TOO_FEW_OPERANDS, 0);
    check("1 +", RPN_TOO_FEW_OPERANDS, 0);
    check("1 2", RPN_TOO_MANY_OPERANDS, 0);
    check("1 0 /", RPN_DIVISION_BY_ZERO, 0);
    check("1 two +", RPN_BAD_TOKEN, 0);

    printf("%d failed\n", failures);
    return failures != 0;
}
