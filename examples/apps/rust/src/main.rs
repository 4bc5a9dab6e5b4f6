//! Prints the price of some things.

fn main() {
    let cents: u64 = std::env::args().skip(1).filter_map(|it| it.parse::<u64>().ok()).sum();
    let mut buffer = itoa::Buffer::new();
    println!("{}.{:02}", buffer.format(cents / 100), cents % 100);
}
