//! Access reviews: plans a matrix, asks a reviewer, folds the answers into a grid.
