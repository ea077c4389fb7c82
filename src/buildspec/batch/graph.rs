//! Builds that wait for each other.

/// Returns the builds that wait for themselves: what is left when builds that need nothing are
/// taken away again and again, from both ends.
///
/// `needs` has for each build the places of those it waits for.
pub(super) fn in_circles(needs: &[Vec<usize>]) -> Vec<usize> {
    let mut needed_by = vec![Vec::new(); needs.len()];
    for (index, needs) in needs.iter().enumerate() {
        for &other in needs {
            needed_by[other].push(index);
        }
    }
    let mut gone = vec![false; needs.len()];
    for (forth, back) in [(needs, needed_by.as_slice()), (needed_by.as_slice(), needs)] {
        let mut left: Vec<usize> = forth
            .iter()
            .map(|others| others.iter().filter(|&&other| !gone[other]).count())
            .collect();
        let mut free: Vec<usize> = (0..needs.len())
            .filter(|&index| !gone[index] && left[index] == 0)
            .collect();
        while let Some(index) = free.pop() {
            gone[index] = true;
            for &other in &back[index] {
                left[other] = left[other].saturating_sub(1);
                if left[other] == 0 && !gone[other] {
                    free.push(other);
                }
            }
        }
    }
    (0..needs.len()).filter(|&index| !gone[index]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_in_a_circle_is_left() {
        for (needs, circle) in [
            (vec![], vec![]),
            (vec![vec![]], vec![]),
            (vec![vec![0]], vec![0]),
            (vec![vec![1], vec![0]], vec![0, 1]),
            (vec![vec![], vec![0], vec![0, 1]], vec![]),
            // 0 leads into the circle of 1 and 2, and 3 out of it.
            (vec![vec![1], vec![2], vec![1, 3], vec![]], vec![1, 2]),
            (
                vec![vec![1], vec![0], vec![3], vec![2], vec![]],
                vec![0, 1, 2, 3],
            ),
        ] {
            assert_eq!(in_circles(&needs), circle, "{needs:?}");
        }
    }
}
