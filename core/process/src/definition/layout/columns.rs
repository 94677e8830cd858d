//! Where nodes stand: each in the column behind those that lead to it, branches in rows below one another.

use std::collections::{HashMap, HashSet};

/// Width and height.
pub type Size = (i64, i64);
/// Between columns.
pub const GAP_X: i64 = 60;
/// Between rows.
pub const GAP_Y: i64 = 40;

/// Where a node stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Place {
    /// Column, from 0.
    pub column: usize,
    /// Row, from 0.
    pub row: usize,
    /// Left edge.
    pub x: i64,
    /// Upper edge.
    pub y: i64,
}

/// Places of nodes with these sizes, and the size of the whole. Flows that lead back count for nothing.
pub fn place(sizes: &[Size], flows: &[(usize, usize)]) -> (Vec<Place>, Size) {
    let ways = Ways::new(sizes.len(), flows);
    let order = ways.order();
    let mut places = vec![Place::default(); sizes.len()];
    set_columns(&mut places, &order, &ways);
    set_rows(&mut places, &order, &ways);
    let size = set_coordinates(&mut places, sizes);
    (places, size)
}

/// Who leads to whom.
struct Ways {
    next: Vec<Vec<usize>>,
    before: Vec<Vec<usize>>,
}

impl Ways {
    fn new(count: usize, flows: &[(usize, usize)]) -> Self {
        let mut ways = Self { next: vec![Vec::new(); count], before: vec![Vec::new(); count] };
        for &(from, to) in flows.iter().filter(|(from, to)| from != to) {
            if let Some(next) = ways.next.get_mut(from) {
                next.push(to);
            }
            if let Some(before) = ways.before.get_mut(to) {
                before.push(from);
            }
        }
        ways
    }

    fn next(&self, node: usize) -> &[usize] {
        self.next.get(node).map(Vec::as_slice).unwrap_or_default()
    }

    /// Every node behind those that lead to it, but for flows that lead back: depth first from where nothing leads to, in
    /// the file's order, without recursion.
    fn order(&self) -> Vec<usize> {
        let count = self.next.len();
        let begins = (0..count).filter(|node| self.before.get(*node).is_none_or(Vec::is_empty));
        let (mut seen, mut left) = (HashSet::new(), Vec::with_capacity(count));
        let roots: Vec<usize> = begins.chain(0..count).collect();
        // What is gone to first ends up behind in the reverse of leaving: the last goes first.
        for root in roots {
            if !seen.insert(root) {
                continue;
            }
            let mut part = Vec::new();
            let mut stack = vec![(root, 0)];
            while let Some((node, at)) = stack.pop() {
                let next = self.next(node);
                match next.len().checked_sub(at + 1).and_then(|last| next.get(last)) {
                    Some(&target) => {
                        stack.push((node, at + 1));
                        if seen.insert(target) {
                            stack.push((target, 0));
                        }
                    }
                    None => part.push(node),
                }
            }
            part.reverse();
            left.extend(part);
        }
        left
    }
}

fn set_columns(places: &mut [Place], order: &[usize], ways: &Ways) {
    let rank = ranks(order);
    for &node in order {
        let column = places.get(node).map_or(0, |place| place.column);
        for &target in ways.next(node).iter().filter(|target| rank.get(target) > rank.get(&node)) {
            if let Some(place) = places.get_mut(target) {
                place.column = place.column.max(column + 1);
            }
        }
    }
}

fn ranks(order: &[usize]) -> HashMap<usize, usize> {
    order.iter().enumerate().map(|(rank, node)| (*node, rank)).collect()
}

/// Each node in the row of the first that leads to it, or the next free one below.
fn set_rows(places: &mut [Place], order: &[usize], ways: &Ways) {
    let rank = ranks(order);
    let mut taken: HashSet<(usize, usize)> = HashSet::new();
    // Where to look first in a column, by the row that was wanted: rows above are taken.
    let mut free: HashMap<(usize, usize), usize> = HashMap::new();
    for &node in order {
        let before = ways.before.get(node).map(Vec::as_slice).unwrap_or_default();
        let leading = before.iter().filter(|from| rank.get(from) < rank.get(&node));
        let wanted = leading.filter_map(|from| places.get(*from)).map(|place| place.row).min().unwrap_or(0);
        let Some(place) = places.get_mut(node) else { continue };
        let mut row = free.get(&(place.column, wanted)).copied().unwrap_or(wanted);
        while !taken.insert((place.column, row)) {
            row += 1;
        }
        free.insert((place.column, wanted), row + 1);
        place.row = row;
    }
}

fn set_coordinates(places: &mut [Place], sizes: &[Size]) -> Size {
    let columns = places.iter().map(|place| place.column + 1).max().unwrap_or(0);
    let rows = places.iter().map(|place| place.row + 1).max().unwrap_or(0);
    let (mut widths, mut heights) = (vec![0_i64; columns], vec![0_i64; rows]);
    for (place, (width, height)) in places.iter().zip(sizes) {
        if let Some(widest) = widths.get_mut(place.column) {
            *widest = (*widest).max(*width);
        }
        if let Some(highest) = heights.get_mut(place.row) {
            *highest = (*highest).max(*height);
        }
    }
    let (lefts, width) = edges(&widths, GAP_X);
    let (tops, height) = edges(&heights, GAP_Y);
    for (place, (own_width, own_height)) in places.iter_mut().zip(sizes) {
        let (column, row) = (place.column, place.row);
        let middle = |starts: &[i64], sizes: &[i64], at: usize, own: i64| {
            starts.get(at).copied().unwrap_or_default() + (sizes.get(at).copied().unwrap_or_default() - own) / 2
        };
        place.x = middle(&lefts, &widths, column, *own_width);
        place.y = middle(&tops, &heights, row, *own_height);
    }
    (width, height)
}

/// Where each begins when they stand in a row, and where the last ends.
fn edges(sizes: &[i64], gap: i64) -> (Vec<i64>, i64) {
    let (mut starts, mut at) = (Vec::with_capacity(sizes.len()), 0);
    for size in sizes {
        starts.push(at);
        at += size + gap;
    }
    (starts, (at - gap).max(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grid(count: usize, flows: &[(usize, usize)]) -> Vec<(usize, usize)> {
        let (places, _) = place(&vec![(100, 80); count], flows);
        places.iter().map(|place| (place.column, place.row)).collect()
    }

    #[test]
    fn columns_and_rows() {
        assert_eq!(grid(0, &[]), []);
        // A line, a branch that meets again, a loop back, a node by itself.
        assert_eq!(grid(3, &[(0, 1), (1, 2)]), [(0, 0), (1, 0), (2, 0)]);
        assert_eq!(grid(4, &[(0, 1), (0, 2), (1, 3), (2, 3)]), [(0, 0), (1, 0), (1, 1), (2, 0)]);
        assert_eq!(grid(3, &[(0, 1), (1, 2), (2, 1), (1, 1)]), [(0, 0), (1, 0), (2, 0)]);
        assert_eq!(grid(2, &[]), [(0, 0), (0, 1)]);
        // Only a circle.
        assert_eq!(grid(2, &[(0, 1), (1, 0)]), [(0, 0), (1, 0)]);
    }

    #[test]
    fn no_two_stand_on_each_other() {
        let flows: Vec<(usize, usize)> = (0..400).map(|n| (n / 3, n + 1)).chain((0..50).map(|n| (n * 7, n))).collect();
        let (places, (width, height)) = place(&vec![(100, 80); 401], &flows);
        let corners: HashSet<(i64, i64)> = places.iter().map(|place| (place.x, place.y)).collect();
        assert_eq!(corners.len(), 401);
        assert!(places.iter().all(|place| place.x + 100 <= width && place.y + 80 <= height));
    }
}
