using Llama4.Contracts;

namespace Llama4.Server.Operators;

/// <summary>The experts that two hosts share, a line each.</summary>
internal static class HotExpertsText
{
    public static void Write(PlacementPlan? plan, TextWriter output)
    {
        foreach (var layer in plan?.Layers ?? [])
        {
            foreach (var group in layer.ExpertGroups)
            {
                foreach (var hot in group.Hot)
                {
                    output.WriteLine($"hot expert {hot.Expert} of layer {layer.Layer}: {group.Host} and {hot.SecondOwner}");
                }
            }
        }
    }
}
