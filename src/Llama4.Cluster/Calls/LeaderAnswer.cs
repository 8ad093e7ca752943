using Llama4.Client.Tokens;
using Llama4.Cluster.Agents;
using Llama4.Contracts;

namespace Llama4.Cluster.Calls;

/// <summary>What a leader is asked may take as long as hosts load; a leader that froze or died on the way answers late or never.</summary>
internal static class LeaderAnswer
{
    /// <summary>Returns when the answer is there, good or bad; as long as the host leads it is waited for.</summary>
    /// <param name="look">At whatever else may end the waiting, by throwing; each time that something changes, and now and then.</param>
    /// <exception cref="NotLeadingException">The lead went to another host, which is to be asked.</exception>
    public static async Task WaitAsync(IPlanSource plans, HostId leader, Task asked, CancellationToken cancellation, Action? look = null)
    {
        try
        {
            while (!asked.IsCompleted)
            {
                var changed = plans.Changed;
                look?.Invoke();
                if (plans.Leader != leader)
                    throw new NotLeadingException($"{leader} does not lead the cluster any more");
                await Task.WhenAny(asked, changed).WaitAsync(cancellation);
            }
        }
        catch
        {
            asked.Ignore();
            throw;
        }
    }
}
