//! Sales: totals, products, documents, numbers, payments.

mod totals;
