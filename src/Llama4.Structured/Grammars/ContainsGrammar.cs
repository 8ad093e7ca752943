using Llama4.Structured.Automata;

namespace Llama4.Structured.Grammars;

/// <summary>
/// A JSON array some of whose items must satisfy a schema more. Each item is read as one that counts or as one that does
/// not; both ways are followed where both are open. A position is entered only where the counts can still be met.
/// </summary>
internal sealed class ContainsGrammar : Grammar
{
    private const int Opened = -1;

    private readonly Dictionary<(int Index, int Counted), bool> _canFinish = [];

    /// <summary>The items from the first on, then all further ones.</summary>
    public required IReadOnlyList<ContainsItem> Items { get; init; }

    public required ContainsBounds Bounds { get; init; }

    public required Punctuation Punctuation { get; init; }

    /// <summary>Where counting can stop: more changes nothing.</summary>
    private int CountedMax => Bounds.MaxCounted is { } most ? most + 1 : Bounds.MinCounted;

    internal override void Enter(Frame? parent, Closure closure) => closure.Start(Punctuation.OpenArray, closure.Push(this, Opened, parent));

    internal override void Resume(int position, int tag, Frame? parent, Closure closure)
    {
        var (index, counted, isComma) = position == Opened ? (0, 0, false) : Unpack(position);
        if (isComma)
        {
            EnterItem(index, counted, parent, closure);
            return;
        }

        if (Bounds.Allows(index, counted))
        {
            closure.Start(Punctuation.CloseArray, parent);
        }

        if (position == Opened)
        {
            EnterItem(index, counted, parent, closure);
        }
        else if (Next(index, counted).Any())
        {
            closure.Start(Punctuation.Comma, closure.Push(this, Pack(index, counted, true), parent));
        }
    }

    private void EnterItem(int index, int counted, Frame? parent, Closure closure)
    {
        foreach (var (item, after) in Next(index, counted))
        {
            item.Enter(closure.Push(this, Pack(Saturated(index + 1), after, false), parent), closure);
        }
    }

    private IEnumerable<(Grammar Item, int Counted)> Next(int index, int counted)
    {
        var item = Items[Math.Min(index, Items.Count - 1)];
        if (item.Plain is { } plain && CanFinish(index + 1, counted))
        {
            yield return (plain, counted);
        }

        if (item.Counted is { } other && Math.Min(counted + 1, CountedMax) is var more && CanFinish(index + 1, more))
        {
            yield return (other, more);
        }
    }

    private bool CanFinish(int index, int counted)
    {
        if (index > Bounds.MaxItems)
        {
            return false;
        }

        var place = (Saturated(index), counted);
        if (!_canFinish.TryGetValue(place, out var known))
        {
            known = Bounds.CanFinish(place.Item1, counted, Items.Count - 1, i => (Items[i].Plain is not null, Items[i].Counted is not null));
            _canFinish.Add(place, known);
        }

        return known;
    }

    /// <summary>Without a greatest number of items all positions behind the last bound are one.</summary>
    private int Saturated(int index) => Bounds.MaxItems is null ? Math.Min(index, Math.Max(Bounds.MinItems, Items.Count - 1)) : index;

    private int Pack(int index, int counted, bool isComma) => (((index * (CountedMax + 1)) + counted) * 2) + (isComma ? 1 : 0);

    private (int Index, int Counted, bool IsComma) Unpack(int position) =>
        (position / 2 / (CountedMax + 1), position / 2 % (CountedMax + 1), position % 2 == 1);
}

/// <param name="Plain">The item where it does not count; null if there is none.</param>
/// <param name="Counted">Where it counts.</param>
internal sealed record ContainsItem(Grammar? Plain, Grammar? Counted);

/// <summary>How many items an array may have, and how many of them may (or must) count.</summary>
internal sealed record ContainsBounds(int MinItems, int? MaxItems, int MinCounted, int? MaxCounted)
{
    /// <summary>Whether an array may end so.</summary>
    public bool Allows(int index, int counted) =>
        index >= MinItems && !(index > MaxItems) && counted >= MinCounted && !(counted > MaxCounted);

    /// <summary>Whether so many items, some of which count, can go on to an array that is allowed.</summary>
    /// <param name="last">The place from which on all items are the same.</param>
    /// <param name="kinds">Whether an item can be plain, and whether it can count, by its place up to <paramref name="last"/>.</param>
    public bool CanFinish(int index, int counted, int last, Func<int, (bool Plain, bool Counted)> kinds)
    {
        var (least, most) = (counted, counted);
        var end = Math.Min(MaxItems ?? int.MaxValue, Math.Max(Math.Max(index, MinItems), last) + MinCounted + 1);
        for (var at = index; ; at++)
        {
            if (at >= MinItems && most >= MinCounted && !(least > MaxCounted))
            {
                return true;
            }

            if (at >= end)
            {
                return false;
            }

            var (plain, counts) = kinds(Math.Min(at, last));
            if (!plain && !counts)
            {
                return false;
            }

            least += plain ? 0 : 1;
            most += counts ? 1 : 0;
        }
    }
}
