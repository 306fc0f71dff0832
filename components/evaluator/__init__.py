"""TFX's Evaluator over blocks of examples: the same artifacts and numbers, several times faster.

    slices_check    slices in SQL that do not fit the schema
    needed          which columns are decoded at all
    reading         examples as Arrow record batches, thousands at a time
    slicing         which rows of a block are in which slice
    evaluating      TFMA's evaluator, with rows of a slice where TFMA has each row by itself
    combiners       what TFMA's metrics do with one row, for many
    blessing        what TFX's executor says of the result
    evaluation      from files to files, as one Beam transform
    executor        what TFX asks for

TFMA's extractors, model calls, combiners, derived metrics, validations and writers are used as they are; what this
package does not know goes through them row by row, or through TFX's own executor.
"""

from components.evaluator.executor import Evaluator, Executor
from components.evaluator.slices_check import check_slices

__all__ = ["Evaluator", "Executor", "check_slices"]
